"""The story of the demo: apply the samples, watch each run being signed, then fetch and verify what was stored."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import msgspec

from chains.artifacts.reference import ImageReference
from chains.config.config import read_config
from chains.controller.reconcile import End, Turn
from chains.demo.samples import Sample, read_samples, samples_folder, with_real_images
from chains.demo.world import SECRET, SYSTEM_NAMESPACE, World, controller, world
from chains.errors import VerificationError
from chains.formats import named_format
from chains.pipeline.verify import Verified, verify_attestations, verify_signatures
from chains.registry.client import RegistryClient
from chains.registry.cosign_images import CosignImages
from chains.registry.credentials import ChainedKeychain

SETTINGS = {
    "artifacts.taskrun.format": "slsa/v1",
    "artifacts.taskrun.storage": "oci",
    "artifacts.pipelinerun.format": "slsa/v2alpha4",
    "artifacts.pipelinerun.storage": "oci",
    "artifacts.oci.storage": "oci",
}
PATIENCE = 60.0
_FINAL = (End.SIGNED, End.NOTHING_TO_SIGN, End.FAILED)

Say = Callable[[str], None]


async def tell(folder: Path, say: Say, stay: Callable[[World], Awaitable[None]] | None = None) -> bool:
    """Tell the whole story; return whether every run was settled well and every image verified."""
    began = time.monotonic()
    runs = read_samples(samples_folder())
    async with world(folder, SETTINGS, tuple(dict.fromkeys(run.namespace for run in runs))) as here:
        say("1. A Kubernetes API and an OCI registry run in this process")
        say(f"   Kubernetes API   {here.kubernetes.url}\n   OCI registry     {here.registry.address}")
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
                await stay(here)
    return good


async def _apply(here: World, samples: Sequence[Sample], turns: asyncio.Queue[Turn], say: Say) -> bool:
    for sample in samples:
        await here.kubernetes.apply(sample.object)
    waited_for = {(sample.run.kind, sample.run.namespace, sample.run.name) for sample in samples}
    good = True
    try:
        async with asyncio.timeout(PATIENCE):
            while waited_for:
                turn = await turns.get()
                if turn.end in _FINAL:
                    waited_for.discard((turn.key.kind, turn.key.namespace, turn.key.name))
                    good &= turn.end is not End.FAILED
                    _show(turn, say)
    except TimeoutError:
        say(f"   still not settled after {PATIENCE:.0f} s: {', '.join(sorted(name for *_, name in waited_for))}")
        return False
    return good


def _show(turn: Turn, say: Say) -> None:
    say(f"   {turn.end.value:15}  {turn.key}")
    for receipt in turn.receipts:
        for place in (place for stored in receipt.stored.values() for place in stored.locations):
            say(f"                      {place}")
    if turn.end is not End.SIGNED:
        for reason in turn.reasons or (turn.sentence,):
            say(f"                      {reason}")


async def _verify(here: World, samples: Sequence[Sample], say: Say) -> bool:
    images = tuple(dict.fromkeys(image for sample in samples for image in sample.images))
    good, provenance = bool(images), b""
    async with RegistryClient() as client:
        stored = CosignImages(client, ChainedKeychain())
        for image in images:
            try:
                provenance = await _verify_image(here, stored, image)
                say(f"   signature and attestation hold   {image}")
            except VerificationError as error:
                say(f"   does NOT verify: {error}")
                good = False
    if provenance:
        say(f"\n4. The provenance of {images[-1]}")
        say(msgspec.json.format(provenance, indent=2).decode())
    return good


async def _verify_image(here: World, stored: CosignImages, image: ImageReference) -> bytes:
    """Verify signature and attestation of an image, and return the provenance."""
    await verify_signatures(image, stored, here.verifier)
    predicate_type = named_format(SETTINGS["artifacts.taskrun.format"]).predicate_type
    found: Verified = await verify_attestations(image, stored, here.verifier, predicate_type)
    return found.payloads[-1].payload.body
