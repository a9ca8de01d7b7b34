"""Rekor's own server of the second API takes what we sign, and what it answers holds, here and with cosign 3."""

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from chains.demo.rekor.proposals_v2 import canonicalise_v2
from chains.errors import InputError
from chains.keys.generate import new_signer
from chains.pipeline.parts import Transparency
from chains.rekor.log_key import LogKey
from chains.rekor.log_v2 import ENTRIES, LogV2
from chains.rekor.proposals_v2 import propose_v2
from chains.rekor.verify import verify_logged
from tests.peers.bench import bench
from tests.peers.cosign import Cosign
from tests.peers.rekor_tiles import HOSTNAME, rekor_tiles
from tests.peers.trusted_root import trusted_root
from tests.rekor.builders import attestation, signed_image

pytestmark = pytest.mark.peers

KEYS: dict[str, Callable[[], ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey]] = {
    "ECDSA": lambda: ec.generate_private_key(ec.SECP256R1()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
}
every_key = pytest.mark.parametrize("key_kind", list(KEYS))


@every_key
async def test_what_we_sign_is_taken_proven_and_found_again(key_kind, tmp_path):
    async with rekor_tiles(tmp_path, KEYS[key_kind]()) as rekor:
        key = LogKey.from_pem(rekor.public_key)
        async with LogV2(rekor.url, (key,)) as log:
            signers = [new_signer() for _ in range(3)]
            made = [await signed_image(signers[0]), await attestation(signers[1]), await attestation(signers[2])]
            entries = [await log.upload(signed) for signed in made]
            again = [await log.upload(signed) for signed in made]
        for signer, signed, first, later in zip(signers, made, entries, again, strict=True):
            for entry in (first, later):
                verify_logged(replace(signed, log_entry=entry), (key,), signer.public_pem)
            assert (later.log_index, later.body, later.log_id) == (first.log_index, first.body, first.log_id)
        assert sorted(entry.log_index for entry in entries) == [0, 1, 2]


@every_key
async def test_cosign_3_verifies_our_bundles_with_its_entries(key_kind, tmp_path):
    async with bench("referrers-registry", tmp_path) as here, rekor_tiles(tmp_path, KEYS[key_kind]()) as rekor:
        key = LogKey.from_pem(rekor.public_key)
        image, cosign = await here.push(), Cosign("cosign-3", tmp_path)
        async with LogV2(rekor.url, (key,)) as log:
            await here.sign(image, transparency=Transparency(log), encoding="both")
        root = trusted_root(tmp_path, f"https://{HOSTNAME}", rekor.public_key, key.names(HOSTNAME)[-1])
        what = ("--key", here.public_key, "--trusted-root", root, str(image))

        for command in (("verify",), ("verify-attestation", "--type", "slsaprovenance")):
            finished = await cosign.call(*command, *what)
            assert finished.succeeded, finished


async def test_the_real_log_takes_and_refuses_what_the_embedded_one_does(tmp_path):
    async with rekor_tiles(tmp_path, KEYS["ECDSA"]()) as rekor, aiohttp.ClientSession() as session:
        signer = new_signer()
        signed, attested = await signed_image(signer), await attestation(signer)
        for request in (propose_v2(signed)[0], propose_v2(attested)[0]):
            async with session.post(f"{rekor.url}{ENTRIES}", data=request, headers=_JSON) as answer:
                assert answer.status == 201, await answer.text()
                assert base64.b64decode((await answer.json())["canonicalizedBody"]) == canonicalise_v2(request)
        verifier = json.loads(propose_v2(attested)[0])["hashedRekordRequestV002"]["signature"]["verifier"]
        whole = {"dsseRequestV002": {"envelope": json.loads(attested.envelope or b""), "verifiers": [verifier]}}
        other = json.loads(propose_v2(signed)[0])
        other["hashedRekordRequestV002"]["digest"] = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
        for told in (json.dumps(whole), json.dumps(other), "{}", "not json"):
            async with session.post(f"{rekor.url}{ENTRIES}", data=told, headers=_JSON) as answer:
                assert answer.status == 400, await answer.text()
            with pytest.raises(InputError):
                canonicalise_v2(told.encode())


_JSON = {"Content-Type": "application/json"}
