"""The story of the demo: apply the samples, watch each run being signed, then fetch and verify what was stored."""

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path

import msgspec

from chains.artifacts.reference import ImageReference
from chains.config.config import read_config
from chains.controller.turn import End, Turn
from chains.demo.samples import Sample, read_samples, samples_folder, with_real_images
from chains.demo.world import SECRET, SYSTEM_NAMESPACE, World, controller, world
from chains.errors import VerificationError
from chains.formats import named_format
from chains.pipeline.verify import verify_attestations, verify_signatures
from chains.registry.client import RegistryClient
from chains.registry.cosign_images import CosignImages
from chains.registry.credentials import ChainedKeychain
from chains.rekor.log_key import read_log_keys
from chains.rekor.verify import verify_logged
from chains.runs.sighting import RunKey

SETTINGS = {
    "artifacts.taskrun.format": "slsa/v1",
    "artifacts.taskrun.storage": "oci",
    "artifacts.pipelinerun.format": "slsa/v2alpha4",
    "artifacts.pipelinerun.storage": "oci",
    "artifacts.oci.storage": "oci",
    "transparency.enabled": "true",
}
PATIENCE = 60.0
MARGIN = " " * 20
_LONG_HEX = re.compile(r"[0-9a-f]{64}")
_FINAL = (End.SIGNED, End.NOTHING_TO_SIGN, End.FAILED)

Say = Callable[[str], None]
Stay = Callable[[World, ImageReference], Awaitable[None]]


async def tell(folder: Path, say: Say, stay: Stay | None = None) -> bool:
    """Tell the whole story; return whether every run was settled well and every image verified."""
    began = time.monotonic()
    runs = read_samples(samples_folder())
    async with world(folder, SETTINGS, tuple(dict.fromkeys(run.namespace for run in runs))) as here:
        say("1. A Kubernetes API, an OCI registry and a transparency log run in this process")
        say(f"   Kubernetes API   {here.kubernetes.url}\n   OCI registry     {here.registry.address}")
        say(f"   transparency log {here.rekor.url}")
        say(f"   signing key      Secret {SYSTEM_NAMESPACE}/{SECRET}, {here.verifier.key_id}")
        samples = with_real_images(runs, read_config(SETTINGS).config, here.registry)
        turns: asyncio.Queue[Turn] = asyncio.Queue()
        async with controller(here, turns.put_nowait):
            say(f"\n2. The service watches, and {len(samples)} finished runs from samples/ are applied")
            settled = await _apply(here, samples, turns, say)
            say("\n3. What was stored is fetched and verified with the public key")
            verified = await _verify(here, samples, say)
            good = settled and verified
            say(f"\n{'All verified' if good else 'NOT all verified'} in {time.monotonic() - began:.1f} s.")
            if stay is not None:
                await stay(here, next(image for sample in samples for image in sample.images))
    return good


async def _apply(here: World, samples: Sequence[Sample], turns: asyncio.Queue[Turn], say: Say) -> bool:
    await _apply_all(here, samples)
    awaited = {(sample.run.kind, sample.run.namespace, sample.run.name) for sample in samples}
    idle: dict[str, list[RunKey]] = {}
    good = True
    try:
        async with asyncio.timeout(PATIENCE), aclosing(_last_turns(turns, awaited)) as settled:
            async for turn in settled:
                good &= turn.end is not End.FAILED
                if turn.end is End.NOTHING_TO_SIGN:
                    idle.setdefault(_reason(turn), []).append(turn.key)
                else:
                    _show(turn, say)
    except TimeoutError:
        say(f"   still not settled after {PATIENCE:.0f} s: {', '.join(sorted(name for *_, name in awaited))}")
        good = False
    _show_idle(idle, say)
    return good


async def _last_turns(turns: asyncio.Queue[Turn], awaited: set[tuple[str, str, str]]) -> AsyncGenerator[Turn, None]:
    """Yield the turn that settled a run, for each that is awaited, and take it off the set."""
    while awaited:
        turn = await turns.get()
        if turn.end in _FINAL:
            awaited.discard((turn.key.kind, turn.key.namespace, turn.key.name))
            yield turn


async def _apply_all(here: World, samples: Sequence[Sample]) -> None:
    """Apply parents first: the API gives each object a uid of its own, and children name their owner by it."""
    uids: dict[str, str] = {}
    for sample in sorted(samples, key=lambda sample: sample.run.kind != "PipelineRun"):
        for owner in sample.object["metadata"].get("ownerReferences", ()):
            owner["uid"] = uids.get(owner["uid"], owner["uid"])
        applied = await here.kubernetes.apply(sample.object)
        uids[sample.run.uid] = applied["metadata"]["uid"]


def _show(turn: Turn, say: Say) -> None:
    say(f"   {turn.end.value:15}  {turn.key}")
    for receipt in turn.receipts:
        for place in (place for stored in receipt.stored.values() for place in stored.locations):
            say(f"{MARGIN}+ {_LONG_HEX.sub(lambda digits: digits[0][:12] + '…', place)}")
    if turn.end is not End.SIGNED:
        say(f"{MARGIN}- {_reason(turn)}")


def _show_idle(idle: Mapping[str, Sequence[RunKey]], say: Say) -> None:
    """Show the runs with nothing to sign once for each reason, the rarest first."""
    for reason, keys in sorted(idle.items(), key=lambda item: len(item[1])):
        say(f"   {End.NOTHING_TO_SIGN.value:15}  {keys[0]}")
        for key in keys[1:]:
            say(f"{MARGIN}{key}")
        say(f"{MARGIN}- {reason}")


def _reason(turn: Turn) -> str:
    return next(iter(turn.reasons), turn.sentence)


async def _verify(here: World, samples: Sequence[Sample], say: Say) -> bool:
    expected = {(image, sample.run.kind): None for sample in samples for image in sample.images}
    good, provenance = bool(expected), b""
    log_keys = read_log_keys(here.rekor.public_key)
    async with RegistryClient() as client:
        stored = CosignImages(client, ChainedKeychain())
        for image, kind in expected:
            try:
                signatures = await verify_signatures(image, stored, here.verifier)
                format_name = SETTINGS[f"artifacts.{kind.lower()}.format"]
                found = await verify_attestations(
                    image, stored, here.verifier, named_format(format_name).predicate_type
                )
                for signed in (*signatures.payloads, *found.payloads):
                    verify_logged(signed, log_keys, here.verifier.public_pem)
                say(f"   signature, {kind}'s attestation and their log entries hold: {image}")
                provenance = provenance or found.payloads[-1].payload.body
            except VerificationError as error:
                say(f"   does NOT verify: {error}")
                good = False
    if provenance:
        say(f"\n4. The provenance of {next(iter(expected))[0]}")
        say(msgspec.json.format(provenance, indent=2).decode())
    return good
