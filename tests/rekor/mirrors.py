"""A TUF mirror on loopback: metadata that is signed here, and served until the body ends."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from aiohttp import web
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp

from chains.demo.listening import HOST, listening
from chains.rekor.key_source import TRUSTED_ROOT

ROLES = (Root.type, Timestamp.type, Snapshot.type, Targets.type)
LATER = timedelta(days=30)


@dataclass
class Mirror:
    """What a mirror has, by path; `write` signs it anew after a change, each role by a key of its own."""

    trusted_root: bytes
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    url: str = ""
    version: int = 0
    root_version: int = 1

    def __post_init__(self) -> None:
        self.signers = {role: CryptoSigner.generate_ed25519() for role in ROLES}
        self.first_root = self.write_root()
        self.write()

    def write_root(self, *also: CryptoSigner) -> bytes:
        """Sign the root of the keys as they are now, by others as well if there are any."""
        root = Root(version=self.root_version, expires=_after(LATER), consistent_snapshot=True)
        for role, signer in self.signers.items():
            root.add_key(signer.public_key, role)
        written = _signed(Metadata(root), self.signers[Root.type], *also)
        self.files[f"{self.root_version}.root.json"] = written
        return written

    def rotate(self) -> None:
        """Put another key in the place of the root's, as both say."""
        old = self.signers[Root.type]
        self.signers[Root.type] = CryptoSigner.generate_ed25519()
        self.root_version += 1
        self.write_root(old)

    def write(self, *, lasts: timedelta = LATER) -> None:
        """Sign targets, snapshot and timestamp, one version up; the last holds for so long."""
        self.version += 1
        target = TargetFile.from_data(TRUSTED_ROOT, self.trusted_root, ["sha256"])
        self.files[f"targets/{target.hashes['sha256']}.{TRUSTED_ROOT}"] = self.trusted_root
        targets = Targets(version=self.version, expires=_after(LATER), targets={TRUSTED_ROOT: target})
        self.files[f"{self.version}.targets.json"] = _signed(Metadata(targets), self.signers[Targets.type])
        snapshot = Snapshot(version=self.version, expires=_after(LATER), meta={"targets.json": MetaFile(self.version)})
        self.files[f"{self.version}.snapshot.json"] = _signed(Metadata(snapshot), self.signers[Snapshot.type])
        timestamp = Timestamp(version=self.version, expires=_after(lasts), snapshot_meta=MetaFile(self.version))
        self.files["timestamp.json"] = _signed(Metadata(timestamp), self.signers[Timestamp.type])

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """Answer one request."""
        path = request.path.lstrip("/")
        self.asked.append(path)
        body = self.files.get(path)
        return web.Response(status=404) if body is None else web.Response(body=body)


@asynccontextmanager
async def mirrored(trusted_root: bytes) -> AsyncIterator[Mirror]:
    """Serve a mirror of this trusted root."""
    mirror = Mirror(trusted_root)
    async with listening(web.ServerRunner(web.Server(mirror.answer))) as port:
        mirror.url = f"http://{HOST}:{port}"
        yield mirror


def _after(lasts: timedelta) -> datetime:
    return (datetime.now(UTC) + lasts).replace(microsecond=0)


def _signed(
    metadata: Metadata[Root] | Metadata[Targets] | Metadata[Snapshot] | Metadata[Timestamp], *by: CryptoSigner
) -> bytes:
    for signer in by:
        metadata.sign(signer, append=True)
    written: bytes = metadata.to_bytes()
    return written
