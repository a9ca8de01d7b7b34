"""`chains wait`: until an image, or what a run built, is signed and attested by a key."""

import asyncio
from typing import Any

import click

from chains.cli.cosign_command import CosignCommand, refuse
from chains.cli.image_flags import ImageFlags
from chains.cli.image_source import ImageSource, image_source, span_in_seconds
from chains.cli.loop import run
from chains.cli.predicate_types import predicate_type
from chains.cli.terminal import say
from chains.cli.verify_flags import VerifyFlags, all_flags, log_verifier
from chains.cli.verifying_key import verifier_for
from chains.cli.wait_run import Awaited, HopelessError, await_run
from chains.errors import ChainsError, EdgeError, VerificationError
from chains.pipeline.ports import Verifier
from chains.pipeline.verify import Demands, OtherTypeError, verify_attestations, verify_signatures
from chains.runs.run import KINDS

TIMED_OUT, HOPELESS, NOT_JUDGED = 3, 4, 5
FIRST_PAUSE, LONGEST_PAUSE, GROWTH = 0.5, 15.0, 1.6
_KINDS = {kind.lower(): kind for kind in KINDS}


class _Waiting:
    """Waits for images, and knows why it still does."""

    def __init__(self, source: ImageSource, verifier: Verifier, demands: Demands, type_name: str) -> None:
        self.why = ""
        self._source = source
        self._verifier = verifier
        self._demands = demands
        self._type = predicate_type(type_name) if type_name else ""

    async def until_verified(self, awaited: Awaited) -> None:
        """Ask the registry, more and more rarely, until all that is awaited holds."""
        pause = FIRST_PAUSE
        while True:
            try:
                await self._verify(awaited)
            except VerificationError as error:
                self.why, asked = str(error), 0.0
            except EdgeError as error:
                if not error.transient and "image tag not found" not in str(error):
                    raise
                self.why, asked = str(error), error.retry_after or 0.0
            else:
                return
            await asyncio.sleep(max(pause, asked))
            pause = min(LONGEST_PAUSE, pause * GROWTH)

    async def _verify(self, awaited: Awaited) -> None:
        image, stored = await self._source.resolve(awaited.image), self._source.stored(awaited.image)
        if awaited.signature:
            await verify_signatures(image, stored, self._verifier, self._demands)
        if not awaited.attestation:
            return
        try:
            await verify_attestations(image, stored, self._verifier, self._type, self._demands)
        except OtherTypeError:
            if self._type:
                raise


@click.command(name="wait", cls=CosignCommand)
@click.argument("what", metavar="IMAGE|KIND/RUN")
@click.option("-n", "--namespace", default="default", show_default=True, metavar="NS", help="Where the run is.")
@click.option("--type", "type_name", default="", metavar="TYPE", help="The predicate type awaited; default: any.")
@click.option("--kubeconfig", metavar="F", help="How to reach the cluster, for a run.")
@all_flags
def command(what: str, namespace: str, type_name: str, kubeconfig: str | None, **given: Any) -> None:
    """Wait until an image, or every image of taskrun/NAME or pipelinerun/NAME, is signed and attested by a key.

    Ends with 0 when all of it verifies, 3 when --timeout is over, 4 when the run was given up or is never signed, 5
    when that cannot be judged: no such key, run or right. A run is watched; registries are asked ever more rarely.
    """
    try:
        flags = VerifyFlags.of(given)
        flags.check()
        demands, seconds = flags.demands({}, log_verifier(flags)), span_in_seconds(flags.timeout)
        why = run(_wait(what, namespace, kubeconfig, type_name, flags, demands, ImageFlags.of(given), seconds))
    except HopelessError as error:
        refuse(str(error), HOPELESS)
    except ChainsError as error:
        refuse(str(error), NOT_JUDGED)
    if why is not None:
        refuse(f"it was not verified within {flags.timeout}{f': {why}' if why else ''}", TIMED_OUT)
    say(f"{what} is signed and attested")


async def _wait(  # noqa: PLR0917 - a command's settings
    what: str,
    namespace: str,
    kubeconfig: str | None,
    type_name: str,
    flags: VerifyFlags,
    demands: Demands,
    where: ImageFlags,
    seconds: int,
) -> str | None:
    """Return None once all holds, or why it does not when the time is over."""
    why = "the run carries no mark yet"
    verifier = await verifier_for(flags.key, flags.signature_digest_algorithm, offline=flags.offline)
    try:
        async with asyncio.timeout(seconds):
            kind, slash, name = what.partition("/")
            if slash and kind in _KINDS:
                awaited = await await_run(kubeconfig, _KINDS[kind], namespace, name)
            else:
                awaited = (Awaited(what, signature=True, attestation=True),)
            async with image_source(where, tuple(each.image for each in awaited)) as source:
                waiting = _Waiting(source, verifier, demands, type_name)
                for each in awaited:
                    try:
                        await waiting.until_verified(each)
                    finally:
                        why = waiting.why
    except TimeoutError:
        return why
    return None
