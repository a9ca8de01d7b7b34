"""Names for a public key: the key id of envelopes and the hint of bundles."""

import base64
import hashlib

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chains.keys.kinds import PublicKey


def key_id(key: PublicKey) -> str:
    """Return the OpenSSH fingerprint: `SHA256:` and the unpadded base64 of sha256 over the key's SSH wire encoding."""
    _, wire, *_ = key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).split(b" ")
    digest = hashlib.sha256(base64.b64decode(wire)).digest()
    return "SHA256:" + base64.b64encode(digest).rstrip(b"=").decode("ascii")


def key_hint(key: PublicKey) -> str:
    """Return the padded base64 of sha256 over the key's SubjectPublicKeyInfo, as Sigstore bundles name a key."""
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(der).digest()).decode("ascii")
