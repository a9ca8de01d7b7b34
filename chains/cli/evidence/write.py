"""An audit's evidence in the making: a folder of everything that the verdicts rest on, written as it is seen."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from chains.artifacts.reference import Digest, ImageReference
from chains.audit.document import as_json
from chains.audit.page import as_page
from chains.audit.report import Report, moment_text
from chains.audit.reproduce import key_file
from chains.cli.evidence.names import LOGS, PAGE, README, REPORT, SUMS, entry_file, image_folder, run_file
from chains.errors import InputError
from chains.payloads.log_entry_json import write_log_entry
from chains.payloads.payload import LogEntry, SignedPayload
from chains.pipeline.ports import LogLookup
from chains.registry.client import Manifest
from chains.registry.layout_folder import KINDS
from chains.registry.remembering_shelf import RememberingShelf
from chains.registry.save import LAYOUT, layout_index, write_file
from chains.runs.sighting import RunKey

_TOLD = """What `chains audit` saw on {moment}, and what it made of it.

report.json, report.html   the report; what follows is what it rests on
images/                    an OCI image layout for each image: its manifest, its signatures and its attestations
runs/                      the TaskRuns and PipelineRuns, as the cluster had them
log-entries/               the entries that a transparency log was asked for
keys/, logs/               the public keys, of the signers and of the logs, that the audit took
SHA256SUMS                 the digest of every other file: sha256sum -c SHA256SUMS

To judge it again without a network, with a public key from somewhere else than this folder:

  chains audit --from-evidence . --key cosign.pub{flags}

and every other flag that the audit asked with, such as --images-only, --type or --policy: see report.html.
A layout alone is read by chains verify --local-image and chains verify-attestation --local-image. Neither the layers
of images nor their configurations are here.
"""


class EvidenceFolder:
    """A folder that is filled while the audit runs; `path` must be empty or not there yet."""

    def __init__(self, path: Path) -> None:
        """Raise InputError when something is there already."""
        self._path = path
        try:
            if path.exists() and (not path.is_dir() or any(path.iterdir())):
                raise InputError(f"the evidence cannot be written into {path}: something is there already")
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{path} cannot be written: {error.strerror}") from error

    def saw_run(self, key: RunKey, text: bytes) -> None:
        """Keep a run as it was read."""
        self._put(run_file(key), text)

    def saw_image(self, image: ImageReference, manifest: Manifest, shelf: RememberingShelf) -> None:
        """Keep an image's manifest and what stands beside it, as an OCI image layout."""
        folder = image_folder(image)
        # The layout's index names the image by sha256, whatever its name says.
        own = (Digest("sha256", hashlib.sha256(manifest.body).hexdigest()), manifest.digest)
        for digest, body in (*((digest, manifest.body) for digest in own), *shelf.fetched()):
            self._put(f"{folder}/blobs/{digest.algorithm}/{digest.hex}", body)
        self._put(f"{folder}/oci-layout", LAYOUT)
        tagged = {name: body for name, body in shelf.seen() if name in KINDS}
        self._put(f"{folder}/index.json", layout_index(manifest, tagged))

    def saw_entry(self, signed: SignedPayload, entry: LogEntry) -> None:
        """Keep a log entry that was asked for."""
        self._put(entry_file(signed), write_log_entry(entry))

    def finish(self, report: Report, logs: bytes) -> None:
        """Write the report and the keys, then the digests of all; `logs` is the file that names the logs' keys."""
        for key in report.keys:
            self._put(f"keys/{key_file(report, key.name)}", key.verifier.public_pem)
        if logs:
            self._put(f"{LOGS}/{log_file(logs)}", logs)
        told = f" --trusted-root {LOGS}/{log_file(logs)} --offline" if logs else " --insecure-ignore-tlog"
        self._put(README, _TOLD.format(moment=moment_text(report.moment), flags=told).encode())
        self._put(REPORT, as_json(report).encode())
        self._put(PAGE, as_page(report).encode())
        self._put(SUMS, sums_text(sums_of(self._path)))

    def _put(self, name: str, body: bytes) -> None:
        write_file(self._path / name, body)


class KeepingLookup:
    """Asks a log, and keeps what it answers."""

    def __init__(self, lookup: LogLookup, folder: EvidenceFolder) -> None:
        self._lookup = lookup
        self._folder = folder

    async def find(self, signed: SignedPayload, public_key: bytes) -> LogEntry | None:
        """Return what the log has."""
        found = await self._lookup.find(signed, public_key)
        if found is not None:
            self._folder.saw_entry(signed, found)
        return found


def log_file(content: bytes) -> str:
    """Return what the file of logs' keys is called: it is a trusted root, or one key."""
    return "trusted_root.json" if content.lstrip().startswith(b"{") else "rekor.pub"


def sums_of(folder: Path) -> Mapping[str, str]:
    """Return the digest of every file in a folder but the list of digests, in the order of their names."""
    found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {name: _digest(folder / name) for name in found if name != SUMS}


def sums_text(sums: Mapping[str, str]) -> bytes:
    """Return the list of digests as sha256sum writes and reads it."""
    return "".join(f"{digest}  {name}\n" for name, digest in sums.items()).encode()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
