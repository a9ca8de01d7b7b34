"""Signing: requests become signatures, then stored payloads, then receipts; effects go through the ports."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from chains.errors import ChainsError, EdgeError
from chains.payloads.dsse import envelope, pre_authentication_encoding
from chains.payloads.payload import IN_TOTO, Origin, SignedPayload, Stored
from chains.pipeline.plan import Plan, SigningRequest
from chains.pipeline.ports import Signer, Store


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
    signed: SignedPayload | None
    stored: Mapping[str, Stored] = field(default_factory=dict)
    failures: tuple[Failure, ...] = ()


async def sign_plan(plan: Plan, signers: Mapping[str, Signer], stores: Mapping[str, Store]) -> tuple[Receipt, ...]:
    """Carry out every request of the plan at once, and return one receipt for each, in order."""
    return tuple(
        await asyncio.gather(*(_carry_out(request, plan.origin, signers, stores) for request in plan.requests))
    )


async def _carry_out(
    request: SigningRequest, origin: Origin, signers: Mapping[str, Signer], stores: Mapping[str, Store]
) -> Receipt:
    try:
        signed = await _sign(request, signers[request.signer])
    except ChainsError as error:
        return Receipt(request, None, failures=(Failure(request.signer, error),))
    outcomes = await asyncio.gather(*(_put(stores[name], signed, origin) for name in request.stores))
    named = list(zip(request.stores, outcomes, strict=True))
    return Receipt(
        request,
        signed,
        stored={name: outcome for name, outcome in named if isinstance(outcome, Stored)},
        failures=tuple(Failure(name, outcome) for name, outcome in named if isinstance(outcome, ChainsError)),
    )


async def _sign(request: SigningRequest, signer: Signer) -> SignedPayload:
    payload = request.payload
    if payload.media_type != IN_TOTO:
        return SignedPayload(payload, await signer.sign(payload.body), None)
    signature = await signer.sign(pre_authentication_encoding(IN_TOTO, payload.body))
    return SignedPayload(payload, signature, envelope(IN_TOTO, payload.body, signature))


async def _put(store: Store, signed: SignedPayload, origin: Origin) -> Stored | ChainsError:
    try:
        return await store.put(signed, origin)
    except ChainsError as error:
        return error
