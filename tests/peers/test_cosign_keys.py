"""Keys and signatures go both ways between us and both cosigns."""

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from chains.keys.cosign_key import encrypt
from chains.keys.generate import generate_key_pair
from chains.keys.kinds import PrivateKey
from chains.keys.secret import signer_from_secret
from chains.keys.signer import KeySigner
from chains.keys.verifier import KeyVerifier
from tests.peers.cosign import Cosign, both_cosigns
from tests.peers.programs import PASSWORD

pytestmark = pytest.mark.peers

BLOB = b"what is signed\n"
KINDS = {
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "P-521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "RSA 2048": lambda: rsa.generate_private_key(65537, 2048),
    "RSA 4096": lambda: rsa.generate_private_key(65537, 4096),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
}


def pkcs8(key: PrivateKey) -> bytes:
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


async def detached(signer: KeySigner, folder: Path) -> Path:
    """A signature of ours over the blob, in a file."""
    return written(folder, "blob.ours", base64.b64encode((await signer.sign(BLOB)).raw))


@both_cosigns
@pytest.mark.parametrize("password", [PASSWORD, "", "pass wörd: €"])
async def test_a_key_pair_of_cosign_signs_here_what_cosign_verifies(cosign_name, password, tmp_path):
    cosign = Cosign(cosign_name, tmp_path)
    made = await cosign.call("generate-key-pair", password=password)
    assert made.succeeded, made
    files = {"cosign.key": (tmp_path / "cosign.key").read_bytes(), "cosign.password": password.encode()}

    signer = signer_from_secret(files)

    assert signer.public_pem == (tmp_path / "cosign.pub").read_bytes()
    verified = await cosign.verify_blob(
        tmp_path / "cosign.pub", await detached(signer, tmp_path), written(tmp_path, "blob", BLOB)
    )
    assert verified.succeeded, verified


@both_cosigns
@pytest.mark.parametrize("password", [PASSWORD, ""])
async def test_a_key_pair_of_ours_signs_there_what_we_verify(cosign_name, password, tmp_path):
    cosign = Cosign(cosign_name, tmp_path)
    pair = generate_key_pair(password.encode())
    key, blob = written(tmp_path, "ours.key", pair.private_pem), written(tmp_path, "blob", BLOB)

    shown = await cosign.call("public-key", "--key", key, password=password)
    signed = await cosign.sign_blob(key, blob, password=password)

    assert shown.succeeded, shown
    assert shown.out.strip() == pair.public_pem.strip()
    assert signed.succeeded, signed
    signature = base64.b64decode((tmp_path / "blob.signed").read_bytes())
    KeyVerifier.from_pem(pair.public_pem).verify(BLOB, signature)


@both_cosigns
async def test_cosign_cannot_open_a_key_of_ours_with_another_password(cosign_name, tmp_path):
    key = written(tmp_path, "ours.key", generate_key_pair(PASSWORD.encode()).private_pem)

    refused = await Cosign(cosign_name, tmp_path).sign_blob(key, written(tmp_path, "blob", BLOB), password="another")

    assert refused.status == 1, refused
    assert "decrypt" in refused.err
    assert not (tmp_path / "blob.signed").exists()


@both_cosigns
@pytest.mark.parametrize("kind", ["P-256", "RSA 2048", "Ed25519"])
async def test_an_encrypted_key_of_any_kind_that_we_write_opens_there(cosign_name, kind, tmp_path):
    key = KINDS[kind]()
    path = written(tmp_path, "ours.key", encrypt(pkcs8(key), PASSWORD.encode()))

    shown = await Cosign(cosign_name, tmp_path).call("public-key", "--key", path)

    assert shown.succeeded, shown
    assert shown.out.strip() == KeySigner.of(key).public_pem.strip()


@both_cosigns
@pytest.mark.parametrize("kind", list(KINDS))
async def test_a_signature_of_ours_by_any_kind_of_key_verifies_there(cosign_name, kind, tmp_path):
    cosign, signer = Cosign(cosign_name, tmp_path), KeySigner.of(KINDS[kind]())
    public, signature = written(tmp_path, "ours.pub", signer.public_pem), await detached(signer, tmp_path)

    verified = await cosign.verify_blob(public, signature, written(tmp_path, "blob", BLOB))
    refused = await cosign.verify_blob(public, signature, written(tmp_path, "other", BLOB + b"changed"))

    assert verified.succeeded, verified
    assert refused.status == 1, refused


@both_cosigns
async def test_a_signature_of_ours_by_another_key_does_not_verify_there(cosign_name, tmp_path):
    signer, other = KeySigner.of(KINDS["P-256"]()), KeySigner.of(KINDS["P-256"]())
    public = written(tmp_path, "other.pub", other.public_pem)

    refused = await Cosign(cosign_name, tmp_path).verify_blob(
        public, await detached(signer, tmp_path), written(tmp_path, "blob", BLOB)
    )

    assert refused.status == 1, refused
    assert "invalid signature" in refused.err
