"""Signing: requests become signatures, then stored payloads, then receipts; effects go through the ports."""

import asyncio
import hashlib
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field

from chains.errors import ChainsError, EdgeError
from chains.payloads.dsse import envelope, pre_authentication_encoding
from chains.payloads.payload import IN_TOTO, Origin, SignedPayload, Stored
from chains.pipeline.plan import Plan, SigningRequest
from chains.pipeline.ports import Signer, Store

# By the digest of what was signed, and the store's name.
Kept = MutableMapping[tuple[bytes, str], Stored]


@dataclass(frozen=True, slots=True)
class Failure:
    """What failed: the signer or store by name, and its error."""

    where: str
    error: ChainsError

    @property
    def transient(self) -> bool:
        """Whether trying the same again may work."""
        return isinstance(self.error, EdgeError) and self.error.transient


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one request: the signed payload if the signer worked, and what each store did."""

    request: SigningRequest
    origin: Origin
    signed: SignedPayload | None
    stored: Mapping[str, Stored] = field(default_factory=dict)
    failures: tuple[Failure, ...] = ()


async def sign_plan(
    plan: Plan, signers: Mapping[str, Signer], stores: Mapping[str, Store], kept: Kept | None = None
) -> tuple[Receipt, ...]:
    """Carry out every request of the plan at once, and return one receipt for each, in order.

    What `kept` has from an earlier attempt is not stored again, and what is stored now is added to it.
    """
    kept = {} if kept is None else kept
    work = (_carry_out(request, plan.origin, signers, stores, kept) for request in plan.requests)
    return tuple(await asyncio.gather(*work))


async def _carry_out(
    request: SigningRequest, origin: Origin, signers: Mapping[str, Signer], stores: Mapping[str, Store], kept: Kept
) -> Receipt:
    try:
        signed = await sign_request(request, signers[request.signer])
    except ChainsError as error:
        return Receipt(request, origin, None, failures=(Failure(request.signer, error),))
    digest = _digest(signed)

    async def put(name: str) -> Stored | ChainsError:
        if (digest, name) not in kept:
            try:
                kept[digest, name] = await stores[name].put(signed, origin)
            except ChainsError as error:
                return error
        return kept[digest, name]

    named = list(zip(request.stores, await asyncio.gather(*map(put, request.stores)), strict=True))
    return Receipt(
        request,
        origin,
        signed,
        stored={name: outcome for name, outcome in named if isinstance(outcome, Stored)},
        failures=tuple(Failure(name, outcome) for name, outcome in named if isinstance(outcome, ChainsError)),
    )


async def sign_request(request: SigningRequest, signer: Signer) -> SignedPayload:
    """Sign the payload of a request; repeating it gives the same bytes where the signer is deterministic."""
    payload = request.payload
    if payload.media_type != IN_TOTO:
        return SignedPayload(payload, await signer.sign(payload.body), None)
    signature = await signer.sign(pre_authentication_encoding(IN_TOTO, payload.body))
    return SignedPayload(payload, signature, envelope(IN_TOTO, payload.body, signature))


def fingerprint(signed: Iterable[SignedPayload]) -> str:
    """Return a digest over signed payloads in any order: equal only where every payload and signature is."""
    return hashlib.sha256(b"".join(sorted(map(_digest, signed)))).hexdigest()


def _digest(signed: SignedPayload) -> bytes:
    return hashlib.sha256(signed.payload.body + signed.signed_bytes).digest()
