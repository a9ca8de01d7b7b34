"""Every byte of what stands beside an image, changed one at a time; `python -m tests.verify.mutants` tells."""

import asyncio
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from chains.errors import ChainsError
from chains.pipeline.verify import Verified, verify_attestations, verify_signatures
from tests.verify.builders import Shelf, stored
from tests.verify.json_places import places
from tests.verify.logged import IMAGE, PROVENANCE, Good, good

EACH_BIT = tuple(1 << bit for bit in range(8))
Judge = Callable[[Shelf], Awaitable[Verified]]


@dataclass
class Outcome:
    """What became of the mutants of one thing: how many there were, and where those were changed that are accepted."""

    tried: int = 0
    refused: int = 0
    accepted: Counter[str] = field(default_factory=Counter)
    false: list[str] = field(default_factory=list)


async def signature(what: Good, flips: Sequence[int]) -> Outcome:
    """Change the `.sig` tag's manifest and its layer."""

    async def judge(shelf: Shelf) -> Verified:
        return await verify_signatures(IMAGE, stored(shelf), what.verifier, what.demands)

    return await _tried(what.signature, judge, flips)


async def attestation(what: Good, flips: Sequence[int]) -> Outcome:
    """Change the `.att` tag's manifest and its layer."""

    async def judge(shelf: Shelf) -> Verified:
        return await verify_attestations(IMAGE, stored(shelf), what.verifier, PROVENANCE, what.demands)

    return await _tried(what.attestation, judge, flips)


async def bundle(what: Good, flips: Sequence[int]) -> Outcome:
    """Change the bundle's manifest and the bundle."""

    async def judge(shelf: Shelf) -> Verified:
        return await verify_signatures(IMAGE, stored(shelf), what.verifier, what.demands)

    return await _tried(what.bundle, judge, flips)


EACH = {"signature": signature, "attestation": attestation, "bundle": bundle}


async def _tried(shelf: Shelf, judge: Judge, flips: Sequence[int]) -> Outcome:
    true = _believed(await judge(shelf))
    assert len(true) == 1
    outcome = Outcome()
    for place, mutant in _mutants(shelf, flips):
        outcome.tried += 1
        try:
            verified = await judge(mutant)
        except ChainsError:
            outcome.refused += 1
            continue
        outcome.accepted[place] += 1
        if _believed(verified) != true:
            outcome.false.append(place)
    return outcome


def _believed(verified: Verified) -> set[tuple[object, ...]]:
    """What an auditor takes from it: the payload, the claim, the signature, and what the log says of it."""
    return {
        (
            one.signed.payload.body,
            one.claim,
            one.signed.signature.raw,
            one.signed.log_entry and one.signed.log_entry.body,
        )
        for one in verified.accepted
    }


def _mutants(shelf: Shelf, flips: Sequence[int]) -> Iterator[tuple[str, Shelf]]:
    for suffix, body in shelf.tags.items():
        for place, changed in _changed(body, flips):
            yield f"manifest: {place}", replace(shelf, tags={suffix: changed})
    for digest, body in shelf.manifests.items():
        for place, changed in _changed(body, flips):
            yield f"manifest: {place}", replace(shelf, manifests={digest: changed})
    for digest, body in shelf.blobs.items():
        for place, changed in _changed(body, flips):
            yield f"blob: {place}", replace(shelf, blobs={digest: changed})


def _changed(body: bytes, flips: Sequence[int]) -> Iterator[tuple[str, bytes]]:
    for at, place in enumerate(places(body.decode("latin-1"))):
        for flip in flips:
            yield place, body[:at] + bytes([body[at] ^ flip]) + body[at + 1 :]


async def _tell(flips: Sequence[int]) -> None:
    what = await good()
    for name, try_all in EACH.items():
        found = await try_all(what, flips)
        accepted = sum(found.accepted.values())
        print(f"{name}: {found.tried} mutants, {found.refused} refused, {accepted} accepted, {len(found.false)} false")
        for place, count in found.accepted.most_common():
            print(f"    {count:4} {place}")


if __name__ == "__main__":
    asyncio.run(_tell(EACH_BIT if "--each-bit" in sys.argv else (0x01,)))
