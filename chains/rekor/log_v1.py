"""Rekor's first API: an entry is uploaded, verified and returned; one that is there already is as good."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Self

from yarl import URL

from chains.errors import EdgeError, InputError, VerificationError
from chains.payloads.payload import LogEntry, SignedPayload
from chains.rekor.answers import is_uuid, read_entries
from chains.rekor.limits import Limits
from chains.rekor.log_key import LogKey
from chains.rekor.proposals import propose, verifier_of
from chains.rekor.refusals import refused, unreadable, untrue
from chains.rekor.transport import Observe, Transport, unobserved
from chains.rekor.verify import check_subject, verify_entry

ENTRIES = "/api/v1/log/entries"
_LIMITS = Limits()


class LogV1:
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
        """Return the log's entry of a signed payload, proven by timestamp and inclusion; raise EdgeError.

        Uploading the same again finds the same entry.
        """
        body = propose(signed)
        check_size(len(body), self._limits.upload, self._transport.host)
        answer = await self._transport.send("POST", ENTRIES, body)
        if answer.status == 409:
            entry = await self._fetch(self._conflicting(answer.headers.get("Location", "")))
        elif answer.status == 201:
            entry = self._only(answer.body)
            if entry.proof is None:
                entry = await self._fetch(entry.uuid)
        else:
            wait = answer.headers.get("Retry-After")
            raise refused(self._transport.host, answer.status, answer.body, wait, "to take an entry")
        self._check(entry, signed)
        return replace(entry, url=f"{self._transport.url}{ENTRIES}?logIndex={entry.log_index}")

    async def _fetch(self, uuid: str) -> LogEntry:
        """Fetch the entry of that UUID, whatever tree it is said to be in."""
        answer = await self._transport.send("GET", f"{ENTRIES}/{uuid}")
        if answer.status == 404:
            # It was there a moment ago: another server of the same log may not have it yet.
            raise EdgeError(f"the transparency log {self._transport.host} has no entry {uuid} yet", transient=True)
        if answer.status != 200:
            wait = answer.headers.get("Retry-After")
            raise refused(self._transport.host, answer.status, answer.body, wait, f"for the entry {uuid}")
        entry = self._only(answer.body)
        if entry.uuid[-64:] != uuid[-64:]:
            raise untrue(self._transport.host, f"{entry.uuid} came where {uuid} was asked for")
        return entry

    def _conflicting(self, location: str) -> str:
        uuid = location.rpartition("/")[2].lower()
        if not is_uuid(uuid):
            raise unreadable(self._transport.host, "it has the entry already and does not say under which UUID")
        return uuid

    def _only(self, body: bytes) -> LogEntry:
        try:
            entries = read_entries(body)
        except InputError as error:
            raise unreadable(self._transport.host, error) from error
        if len(entries) != 1:
            raise unreadable(self._transport.host, f"{len(entries)} entries came where one was asked for")
        return entries[0]

    def _check(self, entry: LogEntry, signed: SignedPayload) -> None:
        if not entry.promise or entry.proof is None:
            raise untrue(self._transport.host, "it lacks the signed timestamp or the inclusion proof")
        try:
            verify_entry(entry, *self._keys)
            check_subject(entry, signed, verifier_of(signed))
        except VerificationError as error:
            raise untrue(self._transport.host, error) from error


def check_size(size: int, most: int, host: str) -> None:
    """Raise EdgeError when an upload is larger than is sent, before anything is."""
    if size > most:
        raise EdgeError(
            f"the entry for the transparency log {host} has {size} bytes, and {most} are sent at most: "
            "this artifact cannot be logged",
            transient=False,
        )
