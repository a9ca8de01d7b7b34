"""The root of trust that an administrator hands to auditors: a log's key and nothing else."""

import base64
import hashlib
import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from chains.payloads.pem_block import der_of

KIND = "application/vnd.dev.sigstore.trustedroot+json;version=0.1"


def trusted_root(folder: Path, url: str, public_key: bytes, log_id: bytes = b"") -> Path:
    """Write it into the folder; `log_id` is by default what the first API calls a log of that key."""
    path = folder / "trusted-root.json"
    path.write_text(json.dumps(trusted_root_document((url, public_key, log_id))))
    return path


def trusted_root_document(*logs: tuple[str, bytes, bytes]) -> dict[str, object]:
    """Describe logs by address, public key, and id if it is another than the first API's."""
    tlogs = [_log(*log) for log in logs]
    return {
        "mediaType": KIND,
        "tlogs": tlogs,
        "certificateAuthorities": [],
        "ctlogs": [],
        "timestampAuthorities": [],
    }


def _log(url: str, public_key: bytes, log_id: bytes) -> dict[str, object]:
    der = der_of(public_key)
    is_ed25519 = isinstance(load_der_public_key(der), Ed25519PublicKey)
    key = {
        "rawBytes": base64.b64encode(der).decode(),
        "keyDetails": "PKIX_ED25519" if is_ed25519 else "PKIX_ECDSA_P256_SHA_256",
        "validFor": {"start": "2020-01-01T00:00:00Z"},
    }
    named = base64.b64encode(log_id or hashlib.sha256(der).digest()).decode()
    return {"baseUrl": url, "hashAlgorithm": "SHA2_256", "publicKey": key, "logId": {"keyId": named}}
