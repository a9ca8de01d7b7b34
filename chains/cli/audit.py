"""`chains audit`: whole estates verified, and reports of them."""

from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from typing import Any

import click

from chains.audit.judge import Key, Needs, Question
from chains.audit.report import Report
from chains.audit.verdict import Entry
from chains.cli.audit_examine import Examiner, Pace, gathered
from chains.cli.audit_output import FORMATS, emit
from chains.cli.audit_progress import progress
from chains.cli.audit_scope import Scope, named_images, trusted_names
from chains.cli.cosign_command import CosignCommand, refuse, switch
from chains.cli.expectation_flags import check_policies, expectation_flags, expected_from
from chains.cli.image_flags import Flags, ImageFlags, form_flags, reach_flags
from chains.cli.image_source import span_in_seconds
from chains.cli.loop import run
from chains.cli.predicate_types import predicate_type
from chains.cli.registry_images import registry_images
from chains.cli.verify_flags import VerifyFlags, log_verifier, trusted_root_flag
from chains.cli.verifying_key import verifier_for
from chains.errors import ChainsError, EdgeError, InputError

NOT_GOOD = 12
NOT_JUDGED = 20


ABOUT_ATTESTATIONS = ("type_names", "builder_id", "source_uri", "source_digest", "run_succeeded", "max_age", "policy")


class _AuditFlags(Flags, frozen=True):
    """What an audit is of, and how its report is written."""

    images: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    everywhere: bool = False
    kubeconfig: str | None = None
    keys: tuple[str, ...] = ()
    type_names: tuple[str, ...] = ()
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
@trusted_root_flag
@switch("--private-infrastructure", text="The same: the signer has no public transparency log.")
@switch("--offline", text="Take keys from files and env:// only.")
@switch("--check-identity", text="Signatures must name the image's repository, and be of cosign's type.")
@switch("--strict-json", text="Take a payload only as skopeo, podman and CRI-O do.")
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
    question = await _question(flags, verify, moment, given)
    pace = Pace(flags.concurrency, span_in_seconds(flags.timeout))
    named = tuple(named_images(flags.scope))
    async with registry_images(where, trusted_names(flags.scope, named)) as source:
        more = await gathered(flags.scope, source, where.attachment_tag_prefix, flags.kubeconfig)
        things = (*named, *more)
        with progress(len(things)) as done:
            entries: tuple[Entry, ...] = await Examiner(source, question, pace, flags.needed, done).examine(things)
    logged = not verify.log_ignored
    return Report(
        moment, version("chains"), flags.scope.words, question.keys, question.words, question.types, logged, entries
    )


async def _question(flags: _AuditFlags, verify: VerifyFlags, moment: datetime, given: dict[str, Any]) -> Question:
    if not flags.keys:
        raise InputError("a public key is needed: give --key, several times where any of several keys will do")
    asked = [flag for flag in ABOUT_ATTESTATIONS if given[flag]]
    if flags.require == "signature" and asked:
        flag = f"--{asked[0].replace('_', '-').removesuffix('-names')}"
        raise InputError(f"{flag} is asked of attestations, which --require signature leaves out: take --require both")
    keys = []
    for name in flags.keys:
        verifier = await verifier_for(name, verify.signature_digest_algorithm, offline=verify.offline)
        keys.append(Key(name, verifier.key_id, verifier))
    expected, policies = expected_from(given, moment)
    types = tuple(dict.fromkeys(map(predicate_type, flags.type_names or ("slsaprovenance", "slsaprovenance1"))))
    demands = verify.demands({}, log_verifier(verify))
    return Question(
        tuple(keys), demands, types, expected, partial(check_policies, policies=policies), _words(flags, types, given)
    )


def _words(flags: _AuditFlags, types: tuple[str, ...], given: dict[str, Any]) -> tuple[str, ...]:
    """Say what is asked of every image."""
    parts = {"both": "a signature and an attestation", "signature": "a signature", "attestation": "an attestation"}
    by = "the given key" if len(flags.keys) == 1 else "one of the given keys"
    asked = [
        f"{parts[flags.require].capitalize()} by {by}, about this very image",
        f"The attestation is of the type {' or '.join(types)}" if flags.require != "signature" else "",
        "The transparency log has it" if not VerifyFlags.of(given).log_ignored else "",
        f"It was built by {given['builder_id']}" if given["builder_id"] else "",
        f"It was built from {given['source_uri']}" if given["source_uri"] else "",
        f"It was built at {given['source_digest']}" if given["source_digest"] else "",
        "Every task of the build succeeded" if given["run_succeeded"] else "",
        f"The build ended no longer than {given['max_age']} ago" if given["max_age"] else "",
        f"It satisfies the policies in {', '.join(given['policy'])}" if given["policy"] else "",
        "The signature names the image's repository" if given["check_identity"] else "",
        "The payload is strict JSON" if given["strict_json"] else "",
    ]
    return tuple(filter(None, asked))
