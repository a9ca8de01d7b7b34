"""rekor-cli reads, verifies and finds our entries in the embedded log, and sees that it only grows."""

import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from chains.demo.rekor.server import RekorServer
from chains.keys.generate import new_signer
from chains.payloads.payload import LogEntry, SignedPayload
from tests.peers.bench import write
from tests.peers.programs import Finished, run
from tests.rekor.builders import attestation, client, signed_image

pytestmark = pytest.mark.peers

BY_KEY = ("--public-key", "key.pub", "--pki-format", "x509")


@dataclass(frozen=True)
class Logged:
    """A log with a signature and an attestation of ours in it, the files of both, and rekor-cli."""

    home: Path
    rekor: RekorServer
    image: SignedPayload
    entries: tuple[LogEntry, LogEntry]

    @property
    def artifact(self) -> tuple[str, ...]:
        """What rekor-cli is told of the signature."""
        digest = hashlib.sha256(self.image.payload.body).hexdigest()
        return ("--type", "hashedrekord", "--artifact-hash", digest, "--signature", "image.sig", *BY_KEY)

    async def cli(self, *arguments: str) -> Finished:
        return await run("rekor-cli", *arguments, "--rekor_server", self.rekor.url, home=self.home)


@asynccontextmanager
async def logged(home: Path) -> AsyncIterator[Logged]:
    signer = new_signer()
    image, attested = await signed_image(signer), await attestation(signer)
    async with RekorServer() as rekor, client(rekor) as log:
        entries = await log.upload(image), await log.upload(attested)
        write(home / "key.pub", signer.public_pem)
        write(home / "image.sig", image.signature.raw)
        write(home / "envelope.json", attested.envelope or b"")
        yield Logged(home, rekor, image, entries)


async def test_it_reads_our_entries_by_index_and_by_uuid(tmp_path):
    async with logged(tmp_path) as here:
        for entry, kind in zip(here.entries, ("HashedRekordObj", "DSSEObj"), strict=True):
            for which in (("--log-index", str(entry.log_index)), ("--uuid", entry.uuid)):
                found = await here.cli("get", "--format", "json", *which)
                assert found.succeeded, found
                told = json.loads(found.out)
                assert (told["LogIndex"], told["UUID"], list(told["Body"])) == (entry.log_index, entry.uuid, [kind])


async def test_it_verifies_our_entries_by_what_is_in_them(tmp_path):
    async with logged(tmp_path) as here:
        for what in (
            here.artifact,
            ("--type", "dsse", "--artifact", "envelope.json", *BY_KEY),
            ("--log-index", "1"),
            ("--uuid", here.entries[0].uuid),
        ):
            verified = await here.cli("verify", *what)
            assert verified.succeeded, verified
            assert b"Inclusion Proof" in verified.out


async def test_it_verifies_neither_what_is_not_logged_nor_what_the_log_lies_about(tmp_path):
    async with logged(tmp_path) as here:
        absent = ("--type", "dsse", "--artifact", "other.json", *BY_KEY)
        write(tmp_path / "other.json", (await attestation()).envelope or b"")
        refused = await here.cli("verify", *absent)
        assert not refused.succeeded, refused
        here.rekor.distort = lambda document: [entry.update(logIndex=5) for entry in document.values()] and None
        refused = await here.cli("verify", "--log-index", "0")
        assert not refused.succeeded, refused


async def test_it_finds_our_entries_by_digest_and_by_key(tmp_path):
    async with logged(tmp_path) as here:
        digest = hashlib.sha256(here.image.payload.body).hexdigest()
        uuids = [entry.uuid for entry in here.entries]
        for what, expected in ((("--sha", digest), uuids[:1]), (BY_KEY, uuids), (("--sha", "00" * 32), [])):
            found = await here.cli("search", *what)
            assert found.out.decode().split() == expected, found


async def test_it_sees_that_the_log_grows_and_nothing_else(tmp_path):
    async with logged(tmp_path) as here, client(here.rekor) as log:
        for size in (2, 3, 7, 12):
            while here.rekor.log.tree.size < size:
                await log.upload(await signed_image())
            told = await here.cli("loginfo")
            assert told.succeeded, told
            assert f"Active Tree Size:       {size}" in told.out.decode()
            assert ("unable to prove consistency" in told.err) == (size == 2), told


async def test_what_it_uploads_is_there_already(tmp_path):
    async with logged(tmp_path) as here:
        uploaded = await here.cli("upload", *here.artifact)
        assert uploaded.succeeded, uploaded
        assert b"Entry already exists" in uploaded.out
        assert here.rekor.log.tree.size == 2
