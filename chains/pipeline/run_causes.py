"""The causes that show in the run itself, in what is planned for it, and in the settings."""

from chains.pipeline.causes import Cause

OF_THE_RUN = (
    Cause(
        "there was nothing to sign",
        r"^it is marked as signed, and there was nothing to sign",
        "if it built something, mend the task and run it again; where a setting was in the way, chains resign RUN",
    ),
    Cause(
        "the run has not finished",
        r"^it has not finished",
        "wait until it has finished, as what it built is read then: chains wait RUN --key cosign.pub, with "
        "--insecure-ignore-tlog where there is no log",
    ),
    Cause("the run failed", r"^it failed", "look at why it failed: kubectl describe RUN"),
    Cause(
        "no result names an artifact",
        r"^no result of this run names",
        "have a task write the results IMAGE_URL and IMAGE_DIGEST, or one of the others that name artifacts",
    ),
    Cause("a result is nearly called as it must be", r"^result .* is called so that nothing reads it"),
    Cause("half of a pair of results is missing", r"^result .* has no result .* beside it"),
    Cause(
        "a digest is malformed",
        r"hex digits|is not of the form algorithm:hex|has an algorithm other",
        "write the digest that the registry answered the push with: sha256: and 64 hex digits in lower case",
    ),
    Cause(
        "name and digest contradict each other",
        r"carries a digest other than",
        "write the name without a digest into IMAGE_URL, and the digest of the push into IMAGE_DIGEST",
    ),
    Cause(
        "the list of images is malformed",
        r"result 'IMAGES'",
        "write NAME@sha256:HEX for each image into IMAGES, one string, separated by commas or newlines",
    ),
    Cause(
        "an artifact is no object",
        r"is no object with the members",
        "declare that result with type: object, and write uri and digest into it",
    ),
    Cause(
        "a name is no image",
        r"has no usable registry host|needs a path of|climbing path|port outside",
        "write REGISTRY/REPOSITORY into that result, just as it is pushed to",
    ),
    Cause(
        "signing images is switched off",
        r"^images are not signed: artifacts\.oci\.storage",
        "set artifacts.oci.storage to oci in chains-config",
    ),
    Cause(
        "images have no signer",
        r"^images are not signed: artifacts\.oci\.signer",
        "set artifacts.oci.signer to x509 in chains-config",
    ),
    Cause(
        "attesting runs is switched off",
        r"Runs are not attested: artifacts\.\w+\.storage",
        "set artifacts.KIND.storage to oci in chains-config",
    ),
    Cause(
        "runs have no signer",
        r"Runs are not attested: artifacts\.\w+\.signer",
        "set artifacts.KIND.signer to x509 in chains-config",
    ),
    Cause(
        "there is no image to attach to",
        r"no image to be attached to|is no image in a registry",
        "add tekton to artifacts.KIND.storage, which keeps the attestation on the run",
    ),
    Cause(
        "a child TaskRun is gone",
        r"^child TaskRun .* was not found",
        "keep TaskRuns until their PipelineRun is signed: prune PipelineRuns only",
    ),
    Cause(
        "the attestation is on the run alone",
        r"^its attestation is kept on the run alone",
        "add oci to artifacts.KIND.storage to have it beside images",
    ),
    Cause(
        "it is not logged",
        r"^it is not logged",
        'give the run the annotation chains.tekton.dev/transparency-upload: "true" before it ends, or set '
        "transparency.enabled to true",
    ),
    Cause(
        "it belongs to another controller",
        r"^its controller is",
        "name that controller in filter.managed-by to have its runs signed",
    ),
    Cause(
        "it waits for its turn, or is outside the service's namespaces",
        r"^it carries no mark",
        "if it stays unmarked: chains doctor says what keeps the service from working, and the service's flag "
        "--namespace, if it has one, where it looks at all",
    ),
    Cause(
        "it ended before the service began",
        r"^runs\.backfill",
        "if it ended before the service began, chains resign RUN has it signed",
    ),
    Cause("its child runs are not settled", r"^it waits for its child runs", "chains explain each of them"),
    Cause(
        "it is to be signed again", r"is to be signed again$", "wait for its turn; chains doctor if it does not come"
    ),
    Cause(
        "its mark means nothing",
        r"has a value that means nothing",
        "the service overlooks that value; chains resign RUN takes it off",
    ),
    Cause(
        "only a finalizer holds it",
        r"held back until it is signed",
        "it goes once it is signed, or finalizers.horizon is over; chains doctor says what keeps it from being signed",
    ),
    Cause("Tekton Chains has used up its tries", r"^Tekton Chains tried it", "chains resign RUN begins anew"),
    Cause(
        "the mark was copied, or what was stored is gone",
        r"^it is marked as signed, and nothing stands beside",
        "chains resign RUN has it stored again",
    ),
    Cause(
        "chains-config cannot be read",
        r"^chains-config cannot be read",
        "ask with the right to get ConfigMaps there; where it is missing, kubectl create configmap chains-config "
        "-n tekton-chains makes an empty one",
    ),
    Cause(
        "what a setting asks for is not built",
        r"not built yet",
        "set the storage to oci or tekton, the signer to x509, and the rest to its default",
    ),
    Cause(
        "a setting is refused",
        r"^chains-config is refused",
        "chains config check says all that is wrong; until it is mended the last good configuration stays in force",
    ),
    Cause("Events cannot be read", r"^its Events cannot be read", "ask with the right to list events in its namespace"),
)
