"""`chains wait`: until an image, or what a run built, is signed and attested by a key."""

import asyncio
from dataclasses import dataclass
from typing import Any

import click
import msgspec

from chains.cli.cosign_command import CosignCommand, refuse
from chains.cli.expectation_flags import check_policies, expectation_flags, expected_from
from chains.cli.image_flags import ImageFlags
from chains.cli.image_source import ImageSource, span_in_seconds
from chains.cli.loop import run
from chains.cli.predicate_types import predicate_type
from chains.cli.run_name import RunName, kind_of, near_kind, read_run_names
from chains.cli.verify_flags import Logs, VerifyFlags, all_flags, images_beside_logs, log_verifier
from chains.cli.verify_output import Printed
from chains.cli.verifying_key import verifier_for
from chains.cli.wait_run import HopelessError, await_run
from chains.errors import ChainsError, EdgeError, InputError, VerificationError
from chains.pipeline.expectations import Expectations, select
from chains.pipeline.ports import Verifier
from chains.pipeline.verify import Demands, OtherTypeError, Verified, verify_attestations, verify_signatures
from chains.policies.files import Policy

TIMED_OUT, HOPELESS, NOT_JUDGED = 3, 4, 5
FIRST_PAUSE, LONGEST_PAUSE, GROWTH = 0.5, 15.0, 1.6
OUTPUTS = ("", "text", "json")


@dataclass(frozen=True, slots=True)
class _Said:
    """What the attestations must say, of a predicate type; empty for any."""

    type: str
    expected: Expectations
    policies: tuple[Policy, ...]

    @classmethod
    def of(cls, type_name: str, given: dict[str, Any]) -> "_Said":
        """Read click's parameters; raise InputError."""
        expected, policies = expected_from(given)
        if not type_name and (expected.any or policies):
            raise InputError("give --type with what attestations must say: the predicate type of which it is asked")
        return cls(predicate_type(type_name) if type_name else "", expected, policies)

    def check(self, found: Verified) -> Verified:
        """Return those that say it; raise VerificationError when none does."""
        chosen = select(found, self.expected)
        check_policies(chosen, self.policies)
        return chosen


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is waited for, an image or a run, and what must hold of it."""

    what: str | RunName
    kubeconfig: str | None
    flags: VerifyFlags
    said: _Said
    logs: Logs | None
    where: ImageFlags


class _Row(msgspec.Struct, frozen=True):
    """What holds of one image, as it is printed."""

    image: str
    signatures: int
    attestations: tuple[str, ...]


class _Waiting:
    """Waits for images, and knows why it still does."""

    def __init__(self, source: ImageSource, verifier: Verifier, demands: Demands, said: _Said) -> None:
        self.why = ""
        self._source = source
        self._verifier = verifier
        self._demands = demands
        self._said = said

    async def until_verified(self, name: str) -> _Row:
        """Ask the registry, more and more rarely, until all that is awaited holds."""
        pause = FIRST_PAUSE
        while True:
            try:
                return await self._verify(name)
            except VerificationError as error:
                self.why, asked = str(error), 0.0
            except EdgeError as error:
                if not error.transient and "image tag not found" not in str(error):
                    raise
                self.why, asked = str(error), error.retry_after or 0.0
            await asyncio.sleep(max(pause, asked))
            pause = min(LONGEST_PAUSE, pause * GROWTH)

    async def _verify(self, name: str) -> _Row:
        image, stored = await self._source.resolve(name), self._source.stored(name)
        signatures = await verify_signatures(image, stored, self._verifier, self._demands)
        try:
            found = await verify_attestations(image, stored, self._verifier, self._said.type, self._demands)
            attested = _types(self._said.check(found))
        except OtherTypeError as error:
            if self._said.type:
                raise
            attested = error.found
        return _Row(str(image), len(signatures.accepted), attested)


@click.command(name="wait", cls=CosignCommand)
@click.argument("words", nargs=-1, required=True, metavar="IMAGE|KIND/[NAMESPACE/]NAME")
@click.option("-n", "--namespace", default="default", show_default=True, metavar="NS", help="Where the run is.")
@click.option("--type", "type_name", default="", metavar="TYPE", help="The predicate type awaited; default: any.")
@click.option("--kubeconfig", metavar="F", help="How to reach the cluster, for a run.")
@expectation_flags
@all_flags
def command(words: tuple[str, ...], namespace: str, type_name: str, kubeconfig: str | None, **given: Any) -> None:
    """Wait until an image, or every image of taskrun/NAME or pipelinerun/NAME, is signed and attested by a key.

    Ends with 0 when all of it verifies, 3 when --timeout is over, 4 when the run was given up or is never signed, 5
    when that cannot be judged: no such key, run or right, or one of both is not kept beside the image. A run is
    watched, and chains-config read; registries are asked ever more rarely.
    """
    try:
        flags, what = VerifyFlags.of(given), _what(words, namespace)
        flags.check()
        if flags.output not in OUTPUTS:
            raise InputError(f"-o {flags.output[:40]!r} is no form: it is text or json")
        said = _Said.of(type_name, given)
        wanted = _Wanted(what, kubeconfig, flags, said, log_verifier(flags), ImageFlags.of(given))
        printed = Printed(flags.output_file)
        found, why = run(_wait(wanted, span_in_seconds(flags.timeout)))
    except HopelessError as error:
        refuse(str(error), HOPELESS)
    except ChainsError as error:
        refuse(str(error), NOT_JUDGED)
    if found is None:
        refuse(f"it was not verified within {flags.timeout}{f': {why}' if why else ''}", TIMED_OUT)
    awaited = " ".join(words)
    if flags.output == "json":
        printed.line(msgspec.json.encode({"awaited": awaited, "verified": found}))
    else:
        printed.line(f"{awaited} is signed and attested".encode())


def _what(words: tuple[str, ...], namespace: str) -> str | RunName:
    """Return the run that is named, or else the image; raise InputError for what must be a misspelt run."""
    head, slash, name = words[0].partition("/")
    guessed = near_kind(head)
    if guessed and (len(words) > 1 or (slash and not {":", "@"} & set(name))):
        meant = f"{guessed.lower()}/{name or words[1]}"
        docker = f"; an image of Docker Hub is named docker.io/{words[0]}" if slash else ""
        raise InputError(f"{head} is no kind of run: did you mean {meant}?{docker}")
    if kind_of(head) and (slash or len(words) > 1):
        runs = read_run_names(words, namespace)
        if len(runs) == 1:
            return runs[0]
    if len(words) > 1:
        raise InputError("one thing is waited for: an image, or a run as in taskrun/NAME")
    return words[0]


async def _wait(wanted: _Wanted, seconds: int) -> tuple[tuple[_Row, ...] | None, str]:
    """Return what holds, or None and why it does not when the time is over."""
    why, flags = "the run carries no mark yet", wanted.flags
    verifier = await verifier_for(flags.key, flags.signature_digest_algorithm, offline=flags.offline)
    try:
        async with asyncio.timeout(seconds):
            if isinstance(wanted.what, RunName):
                names = await await_run(wanted.kubeconfig, wanted.what)
            else:
                names = (wanted.what,)
            async with images_beside_logs(wanted.where, names, verifier, wanted.logs) as source:
                waiting = _Waiting(source, verifier, flags.demands({}, wanted.logs), wanted.said)
                try:
                    return tuple([await waiting.until_verified(each) for each in names]), ""
                finally:
                    why = waiting.why
    except TimeoutError:
        return None, why


def _types(found: Verified) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.claim.kind for one in found.accepted))
