"""Both cosigns verify what we sign and log, with every check on: the log is the embedded one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from chains.artifacts.reference import ImageReference
from chains.demo.faults import Fault
from chains.demo.rekor.server import RekorServer
from chains.keys.signer import KeySigner
from chains.pipeline.parts import Transparency
from chains.rekor.log_key import LogKey
from chains.rekor.log_v1 import LogV1
from chains.rekor.log_v2 import LogV2
from tests.peers.bench import Bench, bench, every_registry, write
from tests.peers.cosign import Cosign, both_cosigns
from tests.peers.programs import Finished
from tests.peers.skopeo import Skopeo

pytestmark = [pytest.mark.peers]


@dataclass(frozen=True)
class Logged:
    """A bench with a log beside it."""

    bench: Bench
    rekor: RekorServer
    log: LogV1
    tiles: LogV2

    def transparency(self, version: int = 1) -> Transparency:
        return Transparency(self.log if version == 1 else self.tiles)

    async def sign(self, image: ImageReference, *, deferred: bool = False, signer: KeySigner | None = None) -> None:
        await self.bench.sign(image, transparency=Transparency(self.log, deferred), signer=signer)

    async def verify(self, name: str, image: ImageReference, *flags: str, key: Path | None = None) -> list[Finished]:
        """Verify signature and attestation with a cosign that knows the log's key, and asks it only where it must."""
        log_key = write(self.bench.folder / "rekor.pub", self.rekor.public_key)
        cosign = Cosign(name, self.bench.folder, {"SIGSTORE_REKOR_PUBLIC_KEY": str(log_key)})
        what = ("--key", key or self.bench.public_key, "--rekor-url", self.rekor.url, *flags, str(image))
        return [
            await cosign.call("verify", *what),
            await cosign.call("verify-attestation", "--type", "slsaprovenance", *what),
        ]


@asynccontextmanager
async def logged(registry_kind: str, folder: Path, log_signer: KeySigner | None = None) -> AsyncIterator[Logged]:
    async with (
        bench(registry_kind, folder) as here,
        RekorServer(log_signer) as rekor,
        LogV1(rekor.url, (LogKey.from_pem(rekor.public_key),)) as log,
        LogV2(rekor.url, (LogKey.from_pem(rekor.public_key),)) as tiles,
    ):
        yield Logged(here, rekor, log, tiles)


@every_registry
@both_cosigns
@pytest.mark.parametrize("deferred", [False, True], ids=["required", "deferred"])
async def test_what_we_log_verifies_without_asking_the_log(registry_kind, cosign_name, deferred, tmp_path):
    async with logged(registry_kind, tmp_path) as here:
        image = await here.bench.push()
        await here.sign(image, deferred=deferred)
        asked = here.rekor.faults.add(Fault(status=500))

        for finished in await here.verify(cosign_name, image, "--offline=true"):
            assert finished.succeeded, finished
            assert "transparency log was verified offline" in finished.err
        assert here.rekor.faults.hits(asked) == 0


@both_cosigns
async def test_what_we_did_not_log_does_not_verify_and_what_is_logged_elsewhere_neither(cosign_name, tmp_path):
    async with logged("embedded", tmp_path) as here, RekorServer() as other:
        unlogged, elsewhere = await here.bench.push(), await here.bench.push("team/other", "another")
        await here.bench.sign(unlogged)
        await here.sign(elsewhere)

        for finished in await here.verify(cosign_name, unlogged, "--offline=true"):
            assert not finished.succeeded, finished
        for finished in await replace(here, rekor=other).verify(cosign_name, elsewhere, "--offline=true"):
            assert not finished.succeeded, finished


@both_cosigns
@pytest.mark.parametrize("kind", ["P-384", "RSA", "Ed25519"])
async def test_what_other_kinds_of_keys_sign_verifies_with_its_entry(cosign_name, kind, tmp_path):
    keys = {
        "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "RSA": lambda: rsa.generate_private_key(65537, 2048),
        "Ed25519": ed25519.Ed25519PrivateKey.generate,
    }
    async with logged("embedded", tmp_path) as here:
        image, signer = await here.bench.push(), KeySigner.of(keys[kind]())
        await here.sign(image, signer=signer)

        key = write(tmp_path / "other.pub", signer.public_pem)
        for finished in await here.verify(cosign_name, image, "--offline=true", key=key):
            assert finished.succeeded, finished


@both_cosigns
async def test_cosign_finds_our_entries_in_the_log_where_none_are_stored(cosign_name, tmp_path):
    async with logged("embedded", tmp_path) as here:
        image = await here.bench.push()
        await here.bench.sign(image)
        stored = here.bench.images
        for signed in (*await stored.signatures(image), *await stored.attestations(image)):
            key = replace(signed.signature, public_key=here.bench.signer.public_pem)
            await here.log.upload(replace(signed, signature=key))

        for finished in await here.verify(cosign_name, image):
            assert finished.succeeded, finished
            assert "transparency log was verified" in finished.err


@both_cosigns
async def test_an_image_that_was_signed_before_there_was_a_log_gets_its_entries(cosign_name, tmp_path):
    async with logged("embedded", tmp_path) as here:
        image = await here.bench.push()
        await here.bench.sign(image)
        await here.sign(image)

        for finished in await here.verify(cosign_name, image, "--offline=true"):
            assert finished.succeeded, finished
        assert len(await here.bench.images.signatures(image)) == 1
        assert len(await here.bench.images.attestations(image)) == 1


@both_cosigns
async def test_cosign_uploads_to_the_embedded_log(cosign_name, tmp_path):
    async with logged("embedded", tmp_path) as here:
        image = await here.bench.push()
        log_key = write(tmp_path / "rekor.pub", here.rekor.public_key)
        cosign = Cosign(cosign_name, tmp_path, {"SIGSTORE_REKOR_PUBLIC_KEY": str(log_key)})
        pair = await cosign.call("generate-key-pair")
        flags = {"cosign-2": (), "cosign-3": ("--use-signing-config=false", "--new-bundle-format=false")}
        where = ("--yes", "--tlog-upload=true", "--rekor-url", here.rekor.url, *flags[cosign_name])

        signed = await cosign.call("sign", "--key", "cosign.key", *where, str(image))
        assert pair.succeeded, pair
        assert signed.succeeded, signed
        assert here.rekor.log.tree.size == 1
        verified = await here.verify(cosign_name, image, "--offline=true", key=tmp_path / "cosign.pub")
        assert verified[0].succeeded, verified[0]
        [found] = await here.bench.images.signatures(image)
        assert found.log_entry is not None


@every_registry
async def test_skopeo_lets_in_what_is_logged_and_nothing_else(registry_kind, tmp_path):
    async with logged(registry_kind, tmp_path) as here:
        unlogged, image = await here.bench.push("team/other", "another"), await here.bench.push()
        await here.bench.sign(unlogged)
        await here.sign(image)
        log_key = write(tmp_path / "rekor.pub", here.rekor.public_key)
        skopeo = Skopeo(tmp_path, here.bench.address, here.bench.public_key, log_key)

        assert (pulled := await skopeo.pull(str(image))).succeeded, pulled
        assert not (refused := await skopeo.pull(str(unlogged))).succeeded, refused
