"""Rekor's second API, a log in tiles: an entry comes with its proof, and one that is there already is proven here."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Self

from yarl import URL

from chains.errors import EdgeError, InputError, VerificationError
from chains.payloads.payload import InclusionProof, LogEntry, SignedPayload
from chains.payloads.sigstore_bundle import read_log_entry
from chains.rekor.checkpoint import read_checkpoint
from chains.rekor.limits import Limits
from chains.rekor.log_key import LogKey
from chains.rekor.log_v1 import check_size
from chains.rekor.merkle import leaf_hash
from chains.rekor.proposals_v2 import propose_v2
from chains.rekor.refusals import refused, unreadable, untrue
from chains.rekor.tiles import TileReader
from chains.rekor.transport import Observe, Transport, unobserved
from chains.rekor.verify import verify_entry

ENTRIES = "/api/v2/log/entries"
INDEX_HEADER = "x-log-index"
# A leaf's length is told in two bytes.
LARGEST_BODY = 65535
_LIMITS = Limits(upload=4 << 20)


class LogV2:
    """A client of one log."""

    def __init__(
        self,
        url: str,
        keys: Sequence[LogKey],
        *,
        limits: Limits = _LIMITS,
        proxy: URL | None = None,
        observe: Observe = unobserved,
        permit: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`keys` are those that the log may sign with; `clock` gives seconds; raise InputError for an unfit URL.

        `permit` is called right before every write, and raises EdgeError to keep it from going out.
        """
        self._transport = Transport(url, limits=limits, proxy=proxy, observe=observe, permit=permit, clock=clock)
        self._keys = tuple(keys)
        self._limits = limits

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection."""
        await self._transport.close()

    async def upload(self, signed: SignedPayload) -> LogEntry:
        """Return the log's entry of a signed payload, proven by inclusion; raise EdgeError.

        Uploading the same again finds the same entry.
        """
        request, body = propose_v2(signed)
        check_size(len(request), self._limits.upload, self._transport.host)
        check_size(len(body), LARGEST_BODY, self._transport.host)
        answer = await self._transport.send("POST", ENTRIES, request)
        try:
            if answer.status == 409:
                entry = await self._prove(self._index(answer.headers.get(INDEX_HEADER, "")), body)
            elif answer.status in (200, 201):
                entry = self._read(answer.body)
            else:
                wait = answer.headers.get("Retry-After")
                raise refused(self._transport.host, answer.status, answer.body, wait, "to take an entry")
            self._check(entry, body)
        except VerificationError as error:
            raise untrue(self._transport.host, error) from error
        url = f"{self._transport.url}{ENTRIES}?logIndex={entry.log_index}"
        return replace(entry, uuid=leaf_hash(body).hex(), url=url)

    async def _prove(self, index: int, body: bytes) -> LogEntry:
        """Make the proof that a body is the leaf at an index, from the log's checkpoint and tiles."""
        note = (await self._get("checkpoint")).decode(errors="replace")
        checkpoint = read_checkpoint(note)
        if index >= checkpoint.size:
            raise EdgeError(
                f"the transparency log {self._transport.host} has not published the entry {index} yet", transient=True
            )
        hashes = await TileReader(self._get, checkpoint.size).proof(index)
        proof = InclusionProof(index, checkpoint.size, checkpoint.root_hash, hashes, note)
        for key in self._keys:
            if checkpoint.is_by(key):
                return LogEntry(key.names(checkpoint.origin)[-1], index, 0, body, proof=proof)
        raise VerificationError("its checkpoint has no signature by a key of the log that is known")

    async def _get(self, path: str) -> bytes:
        answer = await self._transport.send("GET", f"/api/v2/{path}")
        if answer.status != 200:
            wait = answer.headers.get("Retry-After")
            raise refused(self._transport.host, answer.status, answer.body, wait, f"for {path}")
        return answer.body

    def _index(self, text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) <= 18):
            raise unreadable(self._transport.host, "it has the entry already and does not say at which index")
        return int(text)

    def _read(self, body: bytes) -> LogEntry:
        try:
            return read_log_entry(body)
        except InputError as error:
            raise unreadable(self._transport.host, error) from error

    def _check(self, entry: LogEntry, body: bytes) -> None:
        if entry.proof is None:
            raise VerificationError("it lacks the inclusion proof")
        if entry.body != body:
            raise VerificationError("its body is another than was asked for")
        if entry.log_index != entry.proof.log_index:
            raise VerificationError("its proof is for another index")
        verify_entry(entry, *self._keys)
