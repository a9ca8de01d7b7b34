"""Signing: requests become signatures, log entries, stored payloads, receipts; effects go through the ports."""

import asyncio
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from chains.artifacts.reference import Digest, ImageReference
from chains.errors import ChainsError, EdgeError, InputError
from chains.payloads.dsse import envelope, pre_authentication_encoding
from chains.payloads.payload import IN_TOTO, LogEntry, Origin, SignedPayload, Stored
from chains.pipeline.parts import Transparency
from chains.pipeline.plan import Plan, SigningRequest
from chains.pipeline.ports import Signer, Store

AT_ONCE = 64
LOG = "the transparency log"


@dataclass(slots=True)
class Kept:
    """What earlier attempts achieved, by the digest of what was signed, and of what is stored by the store's name.

    `listed` is what the images to be signed list, as far as it was read.
    """

    stored: dict[tuple[bytes, str], Stored] = field(default_factory=dict)
    logged: dict[bytes, LogEntry] = field(default_factory=dict)
    listed: dict[ImageReference, tuple[Digest, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """What failed: the signer or store by name, or `LOG`, and its error."""

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
    plan: Plan,
    signers: Mapping[str, Signer],
    stores: Mapping[str, Store],
    kept: Kept | None = None,
    transparency: Transparency | None = None,
) -> tuple[Receipt, ...]:
    """Carry out every request of the plan at once, and return one receipt for each, in order.

    What `kept` has from an earlier attempt is not logged or stored again, and what is done now is added to it.
    """
    work = _Work(plan.origin, signers, stores, kept or Kept(), transparency)
    free = asyncio.Semaphore(AT_ONCE)

    async def carried_out(request: SigningRequest) -> Receipt:
        async with free:
            return await work.carry_out(request)

    return tuple(await asyncio.gather(*map(carried_out, plan.requests)))


def log_urls(receipts: Iterable[Receipt]) -> str:
    """Return where the entries of the receipts can be looked up, comma-separated."""
    entries = (receipt.signed.log_entry for receipt in receipts if receipt.signed is not None)
    return ",".join(dict.fromkeys(entry.url for entry in entries if entry is not None))


@dataclass(frozen=True, slots=True)
class _Work:
    """What one plan is carried out with."""

    origin: Origin
    signers: Mapping[str, Signer]
    stores: Mapping[str, Store]
    kept: Kept
    transparency: Transparency | None

    async def carry_out(self, request: SigningRequest) -> Receipt:
        try:
            signed = await sign_request(request, self.signers[request.signer])
        except ChainsError as error:
            return Receipt(request, self.origin, None, failures=(Failure(request.signer, error),))
        if not request.logged:
            return await self.store(request, signed)
        deferred = self.transparency is not None and self.transparency.deferred
        receipt = await self.store(request, signed) if deferred else Receipt(request, self.origin, signed)
        if receipt.failures:
            return receipt
        try:
            entry = await self.log(signed)
        except ChainsError as error:
            return replace(receipt, failures=(Failure(LOG, error),))
        return await self.store(request, replace(signed, log_entry=entry))

    async def log(self, signed: SignedPayload) -> LogEntry:
        if self.transparency is None:
            raise InputError("this run is to be logged, and there is no transparency log to do it in")
        digest = _digest(signed)
        if digest not in self.kept.logged:
            self.kept.logged[digest] = await self.transparency.log.upload(signed)
        return self.kept.logged[digest]

    async def store(self, request: SigningRequest, signed: SignedPayload) -> Receipt:
        entry = signed.log_entry
        digest = _digest(signed) + (b"" if entry is None else entry.log_id + b"%d" % entry.log_index)

        async def put(name: str) -> Stored | ChainsError:
            if (digest, name) not in self.kept.stored:
                try:
                    stored = await self.stores[name].put(signed, self.origin)
                except ChainsError as error:
                    return error
                if stored.annotations:
                    return stored  # They are as large as what is stored, and cost nothing to make again.
                self.kept.stored[digest, name] = stored
            return self.kept.stored[digest, name]

        named = list(zip(request.stores, await asyncio.gather(*map(put, request.stores)), strict=True))
        return Receipt(
            request,
            self.origin,
            signed,
            stored={name: outcome for name, outcome in named if isinstance(outcome, Stored)},
            failures=tuple(Failure(name, outcome) for name, outcome in named if isinstance(outcome, ChainsError)),
        )


async def log_again(request: SigningRequest, signed: SignedPayload, transparency: Transparency | None) -> SignedPayload:
    """Return what was signed with the entry that the log has of it, where the request is one to be logged."""
    if not request.logged or transparency is None:
        return signed
    return replace(signed, log_entry=await transparency.log.upload(signed))


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
