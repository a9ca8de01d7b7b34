"""Envelopes signed here hold for securesystemslib, which shares no code with us."""

import json

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey

from chains.keys.private_key import read_private_key
from chains.keys.signer import KeySigner
from chains.payloads.dsse import envelope, pre_authentication_encoding
from chains.payloads.payload import IN_TOTO
from tests.keys.builders import capture

STATEMENT = '{"_type":"https://in-toto.io/Statement/v0.1","note":"grüße"}'.encode()


async def signed_envelope(signer: KeySigner) -> dict[str, object]:
    signature = await signer.sign(pre_authentication_encoding(IN_TOTO, STATEMENT))
    decoded: dict[str, object] = json.loads(envelope(IN_TOTO, STATEMENT, signature))
    return decoded


def foreign_key(signer: KeySigner, scheme: str) -> SSlibKey:
    return SSlibKey.from_crypto(load_pem_public_key(signer.public_pem), keyid=signer.key_id, scheme=scheme)


@pytest.mark.parametrize(
    ("name", "scheme"), [("a", "ecdsa-sha2-nistp256"), ("rsa", "rsa-pkcs1v15-sha256"), ("ed", "ed25519")]
)
async def test_securesystemslib_verifies_our_envelopes(name: str, scheme: str) -> None:
    signer = KeySigner.of(read_private_key(capture(f"{name}.pem")))
    decoded = Envelope.from_dict(await signed_envelope(signer))
    assert list(decoded.verify([foreign_key(signer, scheme)], 1)) == [signer.key_id]
    assert decoded.payload == STATEMENT


async def test_securesystemslib_rejects_our_envelope_under_another_key() -> None:
    signer = KeySigner.of(read_private_key(capture("a.pem")))
    other = SSlibKey.from_crypto(load_pem_public_key(capture("k25/cosign.pub")), keyid=signer.key_id)
    with pytest.raises(VerificationError):
        Envelope.from_dict(await signed_envelope(signer)).verify([other], 1)
