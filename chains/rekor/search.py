"""Looking for the entries of what somebody else signed and logged, in Rekor's first API."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

import msgspec

from chains.errors import InputError, VerificationError
from chains.payloads.payload import LogEntry, SignedPayload
from chains.rekor.answers import read_found, read_uuids
from chains.rekor.client import LogClient
from chains.rekor.log_v1 import ENTRIES
from chains.rekor.proposals import propose
from chains.rekor.refusals import unreadable
from chains.rekor.verify import check_subject, verify_entry

RETRIEVE = f"{ENTRIES}/retrieve"
INDEX = "/api/v1/index/retrieve"
AT_ONCE = 10
MOST = 50

_T = TypeVar("_T")


class LogSearch(LogClient):
    """Searches one log, and believes nothing that it does not prove."""

    async def find(self, signed: SignedPayload, public_key: bytes) -> LogEntry | None:
        """Return the earliest entry that is proven and about this signature by this key (PEM); None when there is none.

        It is asked for as an uploader would propose it and, if that finds nothing, by the digest of what was signed,
        which finds kinds of entries that are not proposed any more. Raises EdgeError when the log does not answer, and
        VerificationError when all of its answers are untrue or about something else.
        """
        found = await self._proposed(signed, public_key) or await self._indexed(signed)
        if not found:
            return None
        held, refusals = [], []
        for entry in found:
            try:
                self._check(entry, signed, public_key)
                held.append(entry)
            except VerificationError as error:
                refusals.append(str(error))
        if not held:
            raise VerificationError(f"none of the entries that {self.host} has for it holds: {refusals[0]}")
        entry = min(held, key=lambda one: one.integrated_time)
        return replace(entry, url=f"{self.url}{ENTRIES}?logIndex={entry.log_index}")

    async def _proposed(self, signed: SignedPayload, public_key: bytes) -> tuple[LogEntry, ...]:
        by_key = replace(signed, signature=replace(signed.signature, certificate="", public_key=public_key))
        query = b'{"entries":[%s]}' % propose(by_key)
        return await self._asked(RETRIEVE, query, read_found)

    async def _indexed(self, signed: SignedPayload) -> tuple[LogEntry, ...]:
        digest = hashlib.sha256(signed.payload.body).hexdigest()
        uuids = await self._asked(INDEX, msgspec.json.encode({"hash": f"sha256:{digest}"}), read_uuids)
        found: list[LogEntry] = []
        for some in _pages(uuids[:MOST]):
            found += await self._asked(RETRIEVE, msgspec.json.encode({"entryUUIDs": some}), read_found)
        return tuple(found)

    async def _asked(self, path: str, query: bytes, read: Callable[[bytes], tuple[_T, ...]]) -> tuple[_T, ...]:
        answer = await self.ask("POST", path, "for an entry", query)
        try:
            return read(answer)
        except InputError as error:
            raise unreadable(self.host, error) from error

    def _check(self, entry: LogEntry, signed: SignedPayload, public_key: bytes) -> None:
        if not entry.promise or entry.proof is None:
            raise VerificationError("it lacks the signed timestamp or the inclusion proof")
        verify_entry(entry, *self.keys)
        check_subject(entry, signed, public_key)


def _pages(uuids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(uuids), AT_ONCE):
        yield uuids[start : start + AT_ONCE]
