"""The plan: every byte that will be signed for a run, by which signer, for which stores; a pure function."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from chains.artifacts.hints import BuildImage, Hints, read_hints
from chains.artifacts.materials import images_left_out
from chains.artifacts.reference import Digest
from chains.artifacts.subjects import attachable_image
from chains.config.config import Config, Treatment
from chains.formats import named_format
from chains.formats.simplesigning import write_claim, write_signing_statement
from chains.formats.statement import Wording
from chains.payloads.payload import COSIGN_SIGN, IN_TOTO, SIMPLE_SIGNING, Origin, Payload
from chains.runs.family import Family
from chains.runs.run import Run

NO_HINT = (
    "no result of this run names an artifact (IMAGE_URL with IMAGE_DIGEST, IMAGES, ARTIFACT_URI with ARTIFACT_DIGEST, "
    "or ARTIFACT_OUTPUTS)"
)

NO_ATTACHMENT = "the attestation has no image to be attached to, and artifacts.{kind}.storage names no store but oci"


@dataclass(frozen=True, slots=True)
class SigningRequest:
    """One payload to be signed by the signer of that name and put into the stores of those names.

    `kind` is `taskrun`, `pipelinerun` or `oci`; `artifact` says for people what the payload speaks of; `logged` is
    whether it goes into the transparency log as well; `image` is what it is the signature of, if it is one.
    """

    kind: str
    artifact: str
    format: str
    signer: str
    stores: tuple[str, ...]
    payload: Payload
    logged: bool = False
    image: BuildImage | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be signed for one run, and why anything else is not."""

    origin: Origin
    requests: tuple[SigningRequest, ...]
    reasons: tuple[str, ...]


def plan_run(run: Run, config: Config, children: Sequence[Run] = ()) -> Plan:
    """Plan a run: its attestation, and for a TaskRun a signature for each image it built.

    `children` are a PipelineRun's child TaskRuns as far as they are known, in the order of `status.childReferences`.
    """
    origin = Origin(run.kind, run.namespace, run.name, run.uid, run.service_account)
    family = Family(run, tuple(children))
    hints = read_hints(run.results, {*run.defaults, *run.params}, pipeline=run.kind == "PipelineRun")
    reasons = [*hints.reasons]
    requests = list(_attestation(family, config, reasons))
    if requests:
        reasons.extend(_pruned(name) for name in family.missing())
    if run.kind == "TaskRun":
        requests.extend(_signatures(hints, config, run.completed, reasons))
    if config.transparency.wants(run.annotations):
        requests = [replace(request, logged=True) for request in requests]
    return Plan(origin, tuple(requests), tuple(reasons))


def plan_children(request: SigningRequest, children: Iterable[Digest]) -> Iterable[SigningRequest]:
    """Plan for each image that an index lists what is requested for the index: its signature, of the same kind."""
    index, payload = request.image, request.payload
    if index is None or index.reference is None:
        return
    write = write_claim if payload.media_type == SIMPLE_SIGNING else write_signing_statement
    for digest in children:
        child = BuildImage(index.name, digest, replace(index.reference, digest=digest))
        signed = replace(
            payload, body=write(child), short_key=digest.hex[:12], images=(replace(index.reference, digest=digest),)
        )
        yield replace(request, artifact=f"{child.name}@{digest}", payload=signed, image=child)


def _switched_off(kind: str, treatment: Treatment) -> str:
    return f"artifacts.{kind}.signer is none" if treatment.stores else f"artifacts.{kind}.storage is empty"


def _pruned(name: str) -> str:
    return f"child TaskRun {name} was not found: the run is attested without what that child would tell"


def _attestation(family: Family, config: Config, reasons: list[str]) -> Iterable[SigningRequest]:
    run, kind = family.run, family.run.kind.lower()
    treatment = config.taskrun if run.kind == "TaskRun" else config.pipelinerun
    if not treatment.enabled:
        reasons.append(f"{run.kind}s are not attested: {_switched_off(kind, treatment)}")
        return
    form = named_format(treatment.format)
    subjects = form.subjects(family, config.deep_inspection)
    if not subjects and not reasons:
        reasons.append(NO_HINT)
    for member in (run, *family.executed()):
        reasons.extend(images_left_out(member))
    images = tuple(image for subject in subjects if (image := attachable_image(subject)) is not None)
    stores = _stores(treatment, bool(images))
    if not stores:
        reasons.append(NO_ATTACHMENT.format(kind=kind))
        return
    body = form.write(family, subjects, Wording(config.builder_id, config.build_type, config.deep_inspection))
    payload = Payload(body, IN_TOTO, form.predicate_type, f"{kind}-{run.uid}", images, run.completed)
    yield SigningRequest(kind, f"{run.namespace}/{run.name}", treatment.format, treatment.signer, stores, payload)


def _signatures(hints: Hints, config: Config, created: str, reasons: list[str]) -> Iterable[SigningRequest]:
    if hints.images and not config.oci.enabled:
        reasons.append(f"images are not signed: {_switched_off('oci', config.oci)}")
        return
    for image in hints.images:
        stores = _stores(config.oci, image.reference is not None)
        if stores:
            yield from _signature(image, config, stores, created)
        else:
            reasons.append(f"{image.name} is no image in a registry, and artifacts.oci.storage names no store but oci")


def _signature(image: BuildImage, config: Config, stores: tuple[str, ...], created: str) -> Iterable[SigningRequest]:
    """Plan the signature of an image: for `.sig` tags and other stores, for Sigstore bundles, or for both."""
    artifact, key = f"{image.name}@{image.digest}", image.digest.hex[:12]
    images = () if image.reference is None else (image.reference,)
    bare = stores if config.encoding.tags else tuple(name for name in stores if name != "oci")
    if bare:
        payload = Payload(write_claim(image), SIMPLE_SIGNING, "", key, images, created)
        yield SigningRequest("oci", artifact, config.oci.format, config.oci.signer, bare, payload, image=image)
    if "oci" in stores and config.encoding.bundles:
        payload = Payload(write_signing_statement(image), IN_TOTO, COSIGN_SIGN, key, images, created)
        yield SigningRequest("oci", artifact, "sigstore-bundle", config.oci.signer, ("oci",), payload, image=image)


def _stores(treatment: Treatment, has_image: bool) -> tuple[str, ...]:
    """Return the stores that can take it: a registry takes only what belongs to an image."""
    return tuple(name for name in treatment.stores if has_image or name != "oci")
