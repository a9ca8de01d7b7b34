"""Rekor's first API: an entry is uploaded, verified and returned; one that is there already is as good."""

from dataclasses import replace

from chains.errors import EdgeError, InputError, VerificationError
from chains.payloads.payload import LogEntry, SignedPayload
from chains.rekor.answers import is_uuid, read_entries
from chains.rekor.client import LogClient
from chains.rekor.proposals import propose, verifier_of
from chains.rekor.refusals import refused, unreadable, untrue
from chains.rekor.verify import check_subject, verify_entry

ENTRIES = "/api/v1/log/entries"


class LogV1(LogClient):
    """A client of the log that uploads to it."""

    async def upload(self, signed: SignedPayload) -> LogEntry:
        """Return the log's entry of a signed payload, proven by timestamp and inclusion; raise EdgeError.

        Uploading the same again finds the same entry.
        """
        body = propose(signed)
        self.check_size(len(body), self.limits.upload)
        answer = await self.send("POST", ENTRIES, body)
        if answer.status == 409:
            entry = await self._fetch(self._conflicting(answer.headers.get("Location", "")))
        elif answer.status == 201:
            entry = self._only(answer.body)
            if entry.proof is None:
                entry = await self._fetch(entry.uuid)
        else:
            raise refused(self.host, answer, "to take an entry")
        self._check(entry, signed)
        return replace(entry, url=f"{self.url}{ENTRIES}?logIndex={entry.log_index}")

    async def _fetch(self, uuid: str) -> LogEntry:
        """Fetch the entry of that UUID, whatever tree it is said to be in."""
        answer = await self.send("GET", f"{ENTRIES}/{uuid}")
        if answer.status == 404:
            # It was there a moment ago: another server of the same log may not have it yet.
            raise EdgeError(f"the transparency log {self.host} has no entry {uuid} yet", transient=True)
        if answer.status != 200:
            raise refused(self.host, answer, f"for the entry {uuid}")
        entry = self._only(answer.body)
        if entry.uuid[-64:] != uuid[-64:]:
            raise untrue(self.host, f"{entry.uuid} came where {uuid} was asked for")
        return entry

    def _conflicting(self, location: str) -> str:
        uuid = location.rpartition("/")[2].lower()
        if not is_uuid(uuid):
            raise unreadable(self.host, "it has the entry already and does not say under which UUID")
        return uuid

    def _only(self, body: bytes) -> LogEntry:
        try:
            entries = read_entries(body)
        except InputError as error:
            raise unreadable(self.host, error) from error
        if len(entries) != 1:
            raise unreadable(self.host, f"{len(entries)} entries came where one was asked for")
        return entries[0]

    def _check(self, entry: LogEntry, signed: SignedPayload) -> None:
        if not entry.promise or entry.proof is None:
            raise untrue(self.host, "it lacks the signed timestamp or the inclusion proof")
        try:
            verify_entry(entry, *self.keys)
            check_subject(entry, signed, verifier_of(signed))
        except VerificationError as error:
            raise untrue(self.host, error) from error
