"""Rekor's second API, a log in tiles: an entry comes with its proof, and one that is there already is proven here."""

from dataclasses import replace

from chains.errors import EdgeError, InputError, VerificationError
from chains.payloads.log_entry_json import read_log_entry
from chains.payloads.payload import InclusionProof, LogEntry, SignedPayload
from chains.rekor.checkpoint import read_checkpoint
from chains.rekor.client import LogClient
from chains.rekor.limits import Limits
from chains.rekor.merkle import leaf_hash
from chains.rekor.proposals_v2 import propose_v2
from chains.rekor.refusals import refused, unreadable, untrue
from chains.rekor.tiles import TileReader
from chains.rekor.verify import verify_entry

ENTRIES = "/api/v2/log/entries"
INDEX_HEADER = "x-log-index"
# A leaf's length is told in two bytes.
LARGEST_BODY = 65535


class LogV2(LogClient):
    """A client of the log that uploads to it."""

    usual = Limits(upload=4 << 20)

    async def upload(self, signed: SignedPayload) -> LogEntry:
        """Return the log's entry of a signed payload, proven by inclusion; raise EdgeError.

        Uploading the same again finds the same entry.
        """
        request, body = propose_v2(signed)
        self.check_size(len(request), self.limits.upload)
        self.check_size(len(body), LARGEST_BODY)
        answer = await self.send("POST", ENTRIES, request)
        try:
            if answer.status == 409:
                entry = await self._prove(self._index(answer.headers.get(INDEX_HEADER, "")), body)
            elif answer.status in (200, 201):
                entry = self._read(answer.body)
            else:
                raise refused(self.host, answer, "to take an entry")
            self._check(entry, body)
        except VerificationError as error:
            raise untrue(self.host, error) from error
        url = f"{self.url}{ENTRIES}?logIndex={entry.log_index}"
        return replace(entry, uuid=leaf_hash(body).hex(), url=url)

    async def _prove(self, index: int, body: bytes) -> LogEntry:
        """Make the proof that a body is the leaf at an index, from the log's checkpoint and tiles."""
        note = (await self._get("checkpoint")).decode(errors="replace")
        checkpoint = read_checkpoint(note)
        if index >= checkpoint.size:
            raise EdgeError(f"the transparency log {self.host} has not published the entry {index} yet", transient=True)
        hashes = await TileReader(self._get, checkpoint.size).proof(index)
        proof = InclusionProof(index, checkpoint.size, checkpoint.root_hash, hashes, note)
        for key in self.keys:
            if checkpoint.is_by(key):
                return LogEntry(key.names(checkpoint.origin)[-1], index, 0, body, proof=proof)
        raise VerificationError("its checkpoint has no signature by a key of the log that is known")

    async def _get(self, path: str) -> bytes:
        return await self.ask("GET", f"/api/v2/{path}", f"for {path}")

    def _index(self, text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) <= 18):
            raise unreadable(self.host, "it has the entry already and does not say at which index")
        return int(text)

    def _read(self, body: bytes) -> LogEntry:
        try:
            return read_log_entry(body)
        except InputError as error:
            raise unreadable(self.host, error) from error

    def _check(self, entry: LogEntry, body: bytes) -> None:
        if entry.proof is None:
            raise VerificationError("it lacks the inclusion proof")
        if entry.body != body:
            raise VerificationError("its body is another than was asked for")
        if entry.log_index != entry.proof.log_index:
            raise VerificationError("its proof is for another index")
        verify_entry(entry, *self.keys)
