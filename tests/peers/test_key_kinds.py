"""Images signed with keys other than P-256: everyone accepts them as they accept the usual one, without a flag."""

import dataclasses

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from chains.keys.signer import KeySigner
from tests.peers.bench import bench
from tests.peers.cosign import Cosign
from tests.peers.skopeo import Skopeo

pytestmark = pytest.mark.peers

KINDS = {
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "P-521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "RSA 3072": lambda: rsa.generate_private_key(65537, 3072),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
}


@pytest.mark.parametrize("kind", list(KINDS))
async def test_both_cosigns_and_skopeo_accept_what_this_kind_of_key_signed(kind, tmp_path):
    async with bench("embedded", tmp_path) as plain:
        here = dataclasses.replace(plain, signer=KeySigner.of(KINDS[kind]()))
        image = await here.push()
        await here.sign(image)

        for cosign in (Cosign("cosign-2", tmp_path), Cosign("cosign-3", tmp_path)):
            signature = await cosign.verify(here.public_key, str(image))
            attestation = await cosign.verify_attestation(here.public_key, str(image))
            assert signature.succeeded, signature
            assert attestation.succeeded, attestation
        pulled = await Skopeo(tmp_path, here.address, here.public_key).pull(str(image))
        assert pulled.succeeded, pulled
