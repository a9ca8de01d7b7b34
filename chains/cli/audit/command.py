"""`chains audit`: whole estates verified, and reports of them."""

from typing import Any

import click

from chains.cli.audit.flags import AuditFlags
from chains.cli.audit.make import audited
from chains.cli.audit.output import FORMATS, emit
from chains.cli.cosign_command import CosignCommand, refuse, switch
from chains.cli.evidence.archive import keeping
from chains.cli.expectation_flags import expectation_flags
from chains.cli.image_flags import form_flags, reach_flags
from chains.cli.loop import run
from chains.cli.verify_flags import VerifyFlags, log_flags
from chains.errors import ChainsError, EdgeError

NOT_GOOD = 12
NOT_JUDGED = 20


@click.command(name="audit", cls=CosignCommand)
@click.argument("images", nargs=-1, metavar="[IMAGE...]")
@click.option("--images", "files", multiple=True, metavar="FILE", help="A list of images, one a line; - is stdin.")
@click.option("--repository", "repositories", multiple=True, metavar="R", help="Every image tag of a repository.")
@click.option("--namespace", "-n", "namespaces", multiple=True, metavar="NS", help="Every run of a namespace.")
@switch("--all-namespaces", "-A", "everywhere", text="Every run of the cluster.")
@click.option("--kubeconfig", metavar="F", help="How to reach the cluster; default: $KUBECONFIG, then the pod's own.")
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="REF",
    help="A public key, as verify takes it; several where any of them will do.",
)
@click.option(
    "--signature-digest-algorithm",
    type=click.Choice(["sha224", "sha256", "sha384", "sha512"]),
    default="sha256",
    show_default=True,
    help="What ECDSA and RSA signatures were made over.",
)
@click.option(
    "--require",
    type=click.Choice(["both", "signature", "attestation"]),
    default="both",
    show_default=True,
    help="What must stand beside an image.",
)
@switch("--images-only", text="Leave out runs that name other artifacts than images: no registry holds those.")
@click.option(
    "--type",
    "type_names",
    multiple=True,
    metavar="TYPE",
    help="A predicate type that will do, or cosign's name; default: SLSA provenance 0.2 and 1.0.",
)
@expectation_flags
@switch("--insecure-ignore-tlog", text="Do not look for a transparency log's entry.")
@switch("--private-infrastructure", text="The same: the signer has no public transparency log.")
@switch("--offline", text="Take keys from files and env:// only, and ask no log.")
@log_flags
@switch("--check-identity", text="What is signed must name the image's repository; signatures be of cosign's type.")
@switch("--strict-json", text="Take payloads only as skopeo, podman and CRI-O do, statements only as in-toto has them.")
@form_flags
@reach_flags
@click.option("--timeout", "-t", default="1m0s", show_default=True, metavar="TIME", help="For each image.")
@click.option(
    "--concurrency",
    default=16,
    show_default=True,
    type=click.IntRange(1, 256),
    help="Images looked at together.",
)
@click.option("--output", "-o", type=click.Choice(list(FORMATS)), default="table", show_default=True, help="The form.")
@click.option("--output-file", default="", metavar="FILE", help="Write the report there instead of to stdout.")
@click.option(
    "--evidence", default="", metavar="DIR|FILE.zip", help="Keep all that the report rests on there, to judge it again."
)
@click.option("--from-evidence", default="", metavar="DIR|FILE.zip", help="Judge what was kept again, with no network.")
@click.option("--time", "moment", default="", metavar="TIME", help="When the audit is made; default: now.")
def command(**given: Any) -> None:
    """Verify signature and attestation of every image of a list, a repository or a cluster, and report on all.

    Ends with 0 when everything verified, 12 when something is unsigned or does not verify, 20 when nothing is bad but
    something could not be judged (a registry is down, a tag list is refused), 1 when the audit could not be made.
    """
    try:
        flags = AuditFlags.of(given)
        flags.check()
        with keeping(flags.evidence) as folder:
            report = run(audited(flags, VerifyFlags.of(given), given, folder))
        emit(report, flags.output, flags.output_file)
    except EdgeError as error:
        refuse(str(error), NOT_JUDGED)
    except ChainsError as error:
        refuse(str(error))
    if report.bad or report.unknown:
        raise SystemExit(NOT_GOOD if report.bad else NOT_JUDGED)
