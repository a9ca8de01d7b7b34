"""Whatever single byte of a signature, an attestation or a bundle is changed, nothing false is accepted."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from chains.artifacts.reference import ImageReference
from chains.errors import ChainsError
from chains.pipeline.verify import Verified, verify_attestations, verify_signatures
from chains.registry.cosign_layout import layers_of
from tests.verify.builders import Shelf, key, recorded, stored

SLSA = "https://slsa.dev/provenance/v0.2"
FLIPS = (0x20,)  # tests/properties/test_every_byte.py has the others, on what we wrote ourselves


def flipped(body: bytes) -> Iterator[bytes]:
    for place in range(len(body)):
        for flip in FLIPS:
            yield body[:place] + bytes([body[place] ^ flip]) + body[place + 1 :]


def mutants(shelf: Shelf) -> Iterator[Shelf]:
    """Every shelf that differs in one byte of a manifest or a blob that matters to a verifier."""
    for suffix, manifest in shelf.tags.items():
        for changed in flipped(manifest):
            yield replace(shelf, tags={**shelf.tags, suffix: changed})
    for digest in shelf.referrers:
        for changed in flipped(shelf.manifests[digest]):
            yield replace(shelf, manifests={**shelf.manifests, digest: changed})
    for digest, blob in shelf.blobs.items():
        for changed in flipped(blob):
            yield replace(shelf, blobs={**shelf.blobs, digest: changed})


def only(shelf: Shelf, suffix: str) -> Shelf:
    """What one layer of one tag needs, or one bundle."""
    manifests = [shelf.tags[suffix]] if suffix else [shelf.manifests[digest] for digest in shelf.referrers]
    wanted = {layer.digest for manifest in manifests for layer in layers_of(manifest) if layer is not None}
    blobs = {digest: blob for digest, blob in shelf.blobs.items() if str(digest) in wanted}
    if suffix:
        return Shelf(tags={suffix: shelf.tags[suffix]}, blobs=blobs)
    return Shelf(
        referrers=shelf.referrers, manifests={one: shelf.manifests[one] for one in shelf.referrers}, blobs=blobs
    )


async def signatures(image: ImageReference, shelf: Shelf, name: str) -> Verified:
    return await verify_signatures(image, stored(shelf), key(name))


async def attestations(image: ImageReference, shelf: Shelf, name: str) -> Verified:
    return await verify_attestations(image, stored(shelf), key(name), SLSA)


@pytest.mark.parametrize(
    ("repository", "suffix", "name", "judge"),
    [
        ("c25/app", ".sig", "k25/cosign.pub", signatures),
        ("x/attstmt1", ".att", "kx/a.pub", attestations),
        ("mix/bun", "", "kx/a.pub", signatures),
    ],
    ids=["signature", "attestation", "bundle"],
)
async def test_one_changed_byte_makes_nothing_false_hold(
    repository: str, suffix: str, name: str, judge: Callable
) -> None:
    image, whole = recorded(repository)
    good = only(whole, suffix)
    true = {(one.signed.payload.body, one.claim) for one in (await judge(image, good, name)).accepted}
    assert true
    tried = refused = 0
    for mutant in mutants(good):
        tried += 1
        try:
            verified = await judge(image, mutant, name)
        except ChainsError:
            refused += 1
            continue
        # A byte that means nothing, as white space or a label, may change; what is believed may not.
        assert {(one.signed.payload.body, one.claim) for one in verified.accepted} <= true
    assert refused > tried / 2
