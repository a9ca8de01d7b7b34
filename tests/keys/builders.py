"""Keys, secrets and sources for the tests of this room."""

import base64
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import strategies as st
from nacl.bindings import crypto_secretbox

from chains.errors import EdgeError

CAPTURES = Path(__file__).parent / "captures"

# A key made for publication, encrypted twice with the password `pw`.
PUBLISHED_PUBLIC_KEY = b"""-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEGC63RV6lxxc+qDdTBffF6OmMUAnv
DQd0rhFomnz/TFSBF1dGAgNwqGGma8oSkEL9uW5/xTyKYc0VeLjssff5eA==
-----END PUBLIC KEY-----
"""
PUBLISHED_PKCS8 = base64.b64decode(
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjM4bi2ipDErqknU9GCqNmiNBuA2AZ3uspTjaYI+LJTyhRANCAAQYLrdFXqXHFz6oN1MF"
    "98Xo6YxQCe8NB3SuEWiafP9MVIEXV0YCA3CoYaZryhKQQv25bn/FPIphzRV4uOyx9/l4"
)
PUBLISHED_N32768 = (
    b'{"kdf":{"name":"scrypt","params":{"N":32768,"r":8,"p":1},"salt":"0eeek3F6qTAAzZvDMB6qAwT1UjzFEoz4SCQS1M4RFzE="},'
    b'"cipher":{"name":"nacl/secretbox","nonce":"Ed+e6S42aezoXW7sFXVz83Uvx+0MyzWu"},"ciphertext":"amHTLPqklXgKFFXjXvg5XN7v'
    b"i0SP0Rj8iQDXPY30vUUwCFpLOJ89ByLM+3Mf/DAwgMXdzR0711g2N40s5MnXp2jg2q9tSAOmFmJ9jCbvWijIk7w2Esnokb7Gm6LewzF9wsAuIL/dwJJ2"
    b'NdimOjKSuqhpUFRdkanuzdh69BmSxRGANcr68SAJvQmlNkwkRgs+Sg4s9X2s4m4JoQ=="}'
)
PUBLISHED_N65536 = (
    b'{"kdf":{"name":"scrypt","params":{"N":65536,"r":8,"p":1},"salt":"z+QBZ0Lfq38LclVMaSSVts03lv2pMrubaW+6tMMy9Mg="},'
    b'"cipher":{"name":"nacl/secretbox","nonce":"fFIJj3wNmM6ZSCrF8r2mMkkxkaaP/WR6"},"ciphertext":"p44p+jYGpVeXmbwlFIZ2cee9'
    b"DVfm7z29lNpUMPgD5yRImlylNbkrepNNI8XhvmZjCNTZuNXaQMBRTZ83sMpyjTH1UXJnIYiNDqXhlGaWXz7J9YTUKFUMdD8C2iWnlKZ/duyW/bKqMAz/"
    b'j+XHxf35uXLEUo3HmBSGn3KBwPt3tPCQ7Z0BsShWXG7hTEQScFiSh3z/1KoaK5Nd4w=="}'
)
NEW_LABEL = "ENCRYPTED SIGSTORE PRIVATE KEY"
OLD_LABEL = "ENCRYPTED COSIGN PRIVATE KEY"


def capture(name: str) -> bytes:
    return (CAPTURES / name).read_bytes()


def pem(label: str, body: bytes) -> bytes:
    return b"-----BEGIN %s-----\n%s-----END %s-----\n" % (label.encode(), base64.encodebytes(body), label.encode())


def der(pem_text: bytes) -> bytes:
    return base64.b64decode(b"".join(pem_text.splitlines()[1:-1]))


def cheap_key_json(
    pkcs8: bytes = PUBLISHED_PKCS8, password: bytes = b"pw", *, n: int = 2, r: int = 1, p: int = 1
) -> dict[str, dict[str, object]]:
    """An encrypted key as cosign lays it out, but at a cost that a property test can pay."""
    salt, nonce = os.urandom(32), os.urandom(24)
    derived = hashlib.scrypt(password, salt=salt, n=n, r=r, p=p, maxmem=2**29, dklen=32)
    return {
        "kdf": {"name": "scrypt", "params": {"N": n, "r": r, "p": p}, "salt": _text(salt)},
        "cipher": {"name": "nacl/secretbox", "nonce": _text(nonce)},
        "ciphertext": _text(crypto_secretbox(pkcs8, nonce, derived)),
    }


def cheap_key(pkcs8: bytes = PUBLISHED_PKCS8, password: bytes = b"pw", **cost: int) -> bytes:
    return pem(NEW_LABEL, json.dumps(cheap_key_json(pkcs8, password, **cost)).encode())


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def plain_key() -> bytes:
    """A new P-256 key as `x509.pem` has it."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


class Secret:
    """A secret that a test rewrites, and that can be out of reach."""

    name = "the secret of this test"

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = dict(files)
        self.trouble: EdgeError | None = None

    async def read(self) -> Mapping[str, bytes]:
        if self.trouble is not None:
            raise self.trouble
        return dict(self.files)


@st.composite
def damaged(draw: st.DrawFn, original: bytes) -> bytes:
    """The original after a few bytes were changed, dropped or added, or its end cut off."""
    text = bytearray(original)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, max(0, len(text) - 1)))
        edit = draw(st.sampled_from(["change", "drop", "add", "cut"]))
        if edit == "change":
            text[place : place + 1] = draw(st.binary(min_size=1, max_size=1))
        elif edit == "drop":
            del text[place : place + draw(st.integers(1, 80))]
        elif edit == "add":
            text[place:place] = draw(st.binary(min_size=1, max_size=8))
        else:
            del text[place:]
    return bytes(text)
