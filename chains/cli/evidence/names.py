"""What evidence is called inside its folder or archive: the same for everybody who makes or reads it."""

import hashlib
import re

from chains.artifacts.reference import ImageReference
from chains.payloads.payload import SignedPayload
from chains.runs.sighting import RunKey

REPORT, PAGE, SUMS, README = "report.json", "report.html", "SHA256SUMS", "README.txt"
LOGS = "logs"
_PLAIN = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", re.ASCII)
_MEMBER = re.compile(r"[A-Za-z0-9._+\[\]-]{1,255}(/[A-Za-z0-9._+\[\]-]{1,255}){0,140}", re.ASCII)


def image_folder(image: ImageReference) -> str:
    """Return the OCI image layout of an image; a plus stands for a port's colon, which not every system can store."""
    return f"images/{str(image.repository).replace(':', '+')}/{image.digest.algorithm}-{image.digest.hex}"


def run_file(key: RunKey) -> str:
    """Return the file of a run; what no cluster would name so goes by its hash."""
    if _PLAIN.fullmatch(key.namespace) and _PLAIN.fullmatch(key.name):
        return f"runs/{key.namespace}/{key.kind.lower()}-{key.name}.json"
    name = "\0".join((key.kind, key.namespace, key.name))
    return f"runs/{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()}.json"


def entry_file(signed: SignedPayload) -> str:
    """Return the file of the log entry that a log was asked for: it goes by the signature that it is of."""
    return f"log-entries/{hashlib.sha256(signed.signature.raw).hexdigest()}.json"


def is_member(name: str) -> bool:
    """Whether a name may stand in evidence: it leads nowhere else, on any system."""
    return bool(_MEMBER.fullmatch(name)) and not any(part in (".", "..") for part in name.split("/"))
