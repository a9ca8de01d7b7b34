"""Signatures are the same each time, and cosign's verdicts on recorded signatures are ours."""

import asyncio
import base64
import json
import subprocess
import sys
from dataclasses import FrozenInstanceError

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chains.errors import InputError, VerificationError
from chains.keys.private_key import read_private_key
from chains.keys.secret import signer_from_secret
from chains.keys.signer import KeySigner
from chains.keys.verifier import KeyVerifier
from chains.payloads.dsse import pre_authentication_encoding, read_envelope
from tests.keys.builders import CAPTURES, capture, pem

PLAIN_KEYS = ["a", "p384", "p521", "rsa", "ed"]
RECORDED = json.loads(capture("signatures.json"))


def signer(name: str) -> KeySigner:
    return KeySigner.of(read_private_key(capture(f"{name}.pem")))


def signed(record: dict[str, str]) -> tuple[bytes, bytes]:
    """The message and the signature of a recorded simple signature or envelope."""
    if "envelope" not in record:
        return record["message"].encode(), base64.b64decode(record["signature"])
    envelope = read_envelope(record["envelope"].encode())
    return pre_authentication_encoding(envelope.payload_type, envelope.body), envelope.signatures[0].raw


def public_pem(name: str) -> bytes:
    return capture(f"{name}/cosign.pub" if (CAPTURES / name).is_dir() else f"{name}.pub")


@pytest.mark.parametrize("record", RECORDED, ids=lambda record: record["name"])
def test_recorded_signatures_get_the_verdict_cosign_gave(record: dict[str, str]) -> None:
    message, signature = signed(record)
    verifier = KeyVerifier.from_pem(public_pem(record["key"]))
    if record["accepted_by_cosign"]:
        verifier.verify(message, signature)
    else:
        with pytest.raises(VerificationError, match=verifier.key_id.replace("+", r"\+")):
            verifier.verify(message, signature)


def test_what_cosign_signs_on_p384_is_accepted_once_its_digest_is_named() -> None:
    record = next(record for record in RECORDED if record["name"] == "imp/p38431 signature")
    KeyVerifier.from_pem(public_pem(record["key"]), "sha384").verify(*signed(record))


@pytest.mark.parametrize(("name", "key"), [("imp/ed25 signature", "ed"), ("imp/rsa31 attestation", "rsa")])
async def test_where_signatures_have_one_form_ours_is_cosigns_to_the_byte(name: str, key: str) -> None:
    message, signature = signed(next(record for record in RECORDED if record["name"] == name))
    assert (await signer(key).sign(message)).raw == signature


@pytest.mark.parametrize("name", PLAIN_KEYS)
async def test_a_signature_verifies_and_carries_the_key_id_and_no_certificate(name: str) -> None:
    ours = signer(name)
    signature = await ours.sign(b"message")
    assert (signature.key_id, signature.certificate, signature.chain) == (ours.key_id, "", "")
    for verifier in (ours.verifier, KeyVerifier.from_pem(ours.public_pem)):
        assert verifier.key_id == ours.key_id
        verifier.verify(b"message", signature.raw)


@pytest.mark.parametrize("name", PLAIN_KEYS)
async def test_another_message_key_or_signature_does_not_verify(name: str) -> None:
    ours = signer(name)
    raw = (await ours.sign(b"message")).raw
    stranger = KeyVerifier.of(ec.generate_private_key(ec.SECP256R1()).public_key())
    wrong = [(ours.verifier, b"massage", raw), (stranger, b"message", raw)]
    wrong += [(ours.verifier, b"message", bad) for bad in (b"", raw[:-1], raw + b"\0", raw[::-1])]
    for verifier, message, signature in wrong:
        with pytest.raises(VerificationError, match="the signature is not by the key"):
            verifier.verify(message, signature)


@pytest.mark.parametrize("name", PLAIN_KEYS)
async def test_signing_twice_gives_the_same_bytes(name: str) -> None:
    ours = signer(name)
    assert await ours.sign(b"message") == await ours.sign(b"message")
    assert await signer(name).sign(b"message") == await ours.sign(b"message")


def test_another_process_makes_the_same_signature() -> None:
    program = """
import asyncio, sys
from chains.keys.secret import signer_from_secret
signer = signer_from_secret({"x509.pem": sys.stdin.buffer.read()})
print(asyncio.run(signer.sign(b"message")).raw.hex())
"""
    for name in ("a", "p384", "p521"):
        key = capture(f"{name}.pem")
        printed = subprocess.run(
            [sys.executable, "-c", program], input=key, capture_output=True, check=True, timeout=60
        ).stdout
        assert asyncio.run(signer(name).sign(b"message")).raw.hex() == printed.decode().strip()


@pytest.mark.parametrize(
    ("curve", "secret", "r", "s"),
    [
        (
            ec.SECP256R1(),
            0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721,
            0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716,
            0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8,
        ),
        (
            ec.SECP384R1(),
            0x6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2EDF5,
            0x21B13D1E013C7FA1392D03C5F99AF8B30C570C6F98D4EA8E354B63A21D3DAA33BDE1E888E63355D92FA2B3C36D8FB2CD,
            0xF3AA443FB107745BF4BD77CB3891674632068A10CA67E3D45DB2266FA7D1FEEBEFDC63ECCD1AC42EC0CB8668A4FA0AB0,
        ),
    ],
    ids=["P-256", "P-384"],
)
async def test_ecdsa_signatures_are_those_of_rfc_6979_with_sha256(
    curve: ec.EllipticCurve, secret: int, r: int, s: int
) -> None:
    ours = KeySigner.of(ec.derive_private_key(secret, curve))
    assert decode_dss_signature((await ours.sign(b"sample")).raw) == (r, s)


def test_a_signer_shows_its_key_id_only_and_cannot_be_changed() -> None:
    ours = signer("a")
    assert repr(ours) == f"KeySigner(key_id='{ours.key_id}')"
    with pytest.raises(FrozenInstanceError):
        ours.key_id = "SHA256:other"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (b"", "no PEM file"),
        (capture("a.pem"), "of the type PRIVATE KEY, not a PUBLIC KEY"),
        (pem("CERTIFICATE", b"x"), "of the type CERTIFICATE, not a PUBLIC KEY"),
        (pem("PUBLIC KEY", b"x"), "no public key that can be read"),
    ],
)
def test_what_is_no_public_key_is_refused_with_the_reason(text: bytes, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        KeyVerifier.from_pem(text)


def test_public_keys_of_other_kinds_are_refused() -> None:
    small = rsa.generate_private_key(65537, 1024).public_key()
    with pytest.raises(InputError, match="RSA keys of 1024 bits are not supported"):
        KeyVerifier.from_pem(small.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def test_an_unknown_digest_is_refused_with_the_known_ones() -> None:
    with pytest.raises(
        InputError, match="'md5' is no digest for signatures; use one of sha224, sha256, sha384, sha512"
    ):
        KeyVerifier.from_pem(capture("a.pub"), "md5")


def test_the_encrypted_and_the_plain_form_of_a_key_are_one_signer() -> None:
    encrypted = signer_from_secret({"cosign.key": capture("impp38431.key"), "cosign.password": b"p"})
    assert encrypted.key_id == signer("p384").key_id
