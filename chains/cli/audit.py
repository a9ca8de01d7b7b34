"""`chains audit`: whole estates verified, and reports of them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import click

from chains.audit.judge import Needs
from chains.audit.report import Report
from chains.cli.audit_examine import Examiner, Pace, gathered
from chains.cli.audit_output import FORMATS, emit
from chains.cli.audit_progress import progress
from chains.cli.audit_question import question_from
from chains.cli.audit_scope import Scope, named_images, trusted_names
from chains.cli.cosign_command import CosignCommand, refuse, switch
from chains.cli.expectation_flags import expectation_flags
from chains.cli.image_flags import Flags, ImageFlags, form_flags, reach_flags
from chains.cli.image_source import span_in_seconds
from chains.cli.loop import run
from chains.cli.persistence import PersistentLookup
from chains.cli.registry_images import registry_images
from chains.cli.verify_flags import Logs, VerifyFlags, log_flags, log_verifier
from chains.errors import ChainsError, EdgeError, InputError
from chains.pipeline.ports import LogLookup

NOT_GOOD = 12
NOT_JUDGED = 20


class _AuditFlags(Flags, frozen=True):
    """What an audit is of, and how its report is written."""

    images: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    everywhere: bool = False
    kubeconfig: str | None = None
    require: str = "both"
    concurrency: int = 16
    output: str = "table"
    output_file: str = ""
    moment: str = ""
    timeout: str = "1m0s"

    @property
    def scope(self) -> Scope:
        """Where to look."""
        return Scope(self.images, self.files, self.repositories, self.namespaces, self.everywhere)

    @property
    def needed(self) -> Needs:
        """What must stand beside an image."""
        return Needs(signature=self.require != "attestation", attestation=self.require != "signature")

    @property
    def time(self) -> datetime:
        """When the audit is made."""
        if not self.moment:
            return datetime.now(UTC)
        try:
            found = datetime.fromisoformat(self.moment)
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise InputError(f"--time {self.moment[:40]!r} is no time: write one as 2026-05-01T08:00:00Z") from error


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
@click.option("--time", "moment", default="", metavar="TIME", help="When the audit is made; default: now.")
def command(**given: Any) -> None:
    """Verify signature and attestation of every image of a list, a repository or a cluster, and report on all.

    Ends with 0 when everything verified, 12 when something is unsigned or does not verify, 20 when nothing is bad but
    something could not be judged (a registry is down, a tag list is refused), 1 when the audit could not be made.
    """
    try:
        flags = _AuditFlags.of(given)
        flags.scope.check()
        report = run(_audit(flags, VerifyFlags.of(given), given))
        emit(report, flags.output, flags.output_file)
    except EdgeError as error:
        refuse(str(error), NOT_JUDGED)
    except ChainsError as error:
        refuse(str(error))
    if report.bad or report.unknown:
        raise SystemExit(NOT_GOOD if report.bad else NOT_JUDGED)


async def _audit(flags: _AuditFlags, verify: VerifyFlags, given: dict[str, Any]) -> Report:
    moment, where = flags.time, ImageFlags.of(given)
    logs = None if verify.log_ignored else log_verifier(verify)
    question = await question_from(given, verify, logs, moment)
    pace = Pace(flags.concurrency, span_in_seconds(flags.timeout))
    named = tuple(named_images(flags.scope))
    async with registry_images(where, trusted_names(flags.scope, named)) as source, _lookup(logs, pace) as lookup:
        more = await gathered(flags.scope, source, where.attachment_tag_prefix, flags.kubeconfig, pace.patience)
        things = (*named, *more.things)
        with progress(len(things)) as done:
            entries = await Examiner(source, question, pace, flags.needed, done, lookup).examine(things)
    return Report(
        moment,
        version("chains"),
        flags.scope.words,
        question.keys,
        question.words,
        question.types,
        logs is not None,
        entries,
        more.notes,
    )


@asynccontextmanager
async def _lookup(logs: Logs | None, pace: Pace) -> AsyncGenerator[LogLookup | None, None]:
    """Open what asks the log for entries; None where nobody is asked."""
    if logs is None:
        yield None
        return
    async with logs.lookup() as lookup:
        yield None if lookup is None else PersistentLookup(lookup, pace.patience)
