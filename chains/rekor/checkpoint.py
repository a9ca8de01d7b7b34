"""A log's checkpoint: size and root of its tree in a signed note (C2SP tlog-checkpoint)."""

import base64
import binascii
from dataclasses import dataclass

from chains.artifacts.reference import shown
from chains.errors import VerificationError
from chains.rekor.log_key import LogKey

MOST_CHARACTERS = 64 * 1024
_LEAD = "\N{EM DASH} "
_HINT_BYTES = 4


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature below a note: its signer's name, the first bytes of its key's id, and the signature."""

    name: str
    hint: bytes
    raw: bytes


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says of itself, unverified: `text` is what the signatures are over."""

    origin: str
    size: int
    root_hash: bytes
    text: bytes
    signatures: tuple[NoteSignature, ...]

    def is_by(self, key: LogKey) -> bool:
        """Whether a signature claims to be by the log's key; to check it is another matter."""
        return bool(self._claims(key))

    def check(self, key: LogKey) -> None:
        """Return when the log's key signed it, whoever else did; else raise VerificationError."""
        claims = self._claims(key)
        if not claims:
            raise VerificationError(f"the checkpoint of {shown(self.origin)} has no signature by the log's key")
        key.verify(self.text, claims[0].raw, "the checkpoint")

    def _claims(self, key: LogKey) -> list[NoteSignature]:
        names = {(one.name, name[:_HINT_BYTES]) for one in self.signatures for name in key.names(one.name)}
        return [one for one in self.signatures if (one.name, one.hint) in names]


def read_checkpoint(note: str) -> Checkpoint:
    """Read a checkpoint, unverified; raise VerificationError when it is none."""
    head, blank, tail = note.rpartition("\n\n")
    if not blank or len(note) > MOST_CHARACTERS:
        raise VerificationError("the checkpoint is no signed note")
    origin, _, rest = head.partition("\n")
    size, _, rest = rest.partition("\n")
    root, _, _ = rest.partition("\n")
    if not origin or not size.isascii() or not size.isdigit() or len(size) > 19:
        raise VerificationError("the checkpoint names no origin and size")
    try:
        root_hash = base64.b64decode(root, validate=True)
        signatures = tuple(_signature(line) for line in tail.splitlines() if line)
    except (binascii.Error, ValueError) as error:
        raise VerificationError(f"the checkpoint of {shown(origin)} is damaged: {error}") from error
    return Checkpoint(origin, int(size), root_hash, f"{head}\n".encode(), signatures)


def _signature(line: str) -> NoteSignature:
    name, space, encoded = line.removeprefix(_LEAD).rpartition(" ")
    if not space or not line.startswith(_LEAD):
        raise ValueError("a line below the note is no signature")
    if not name or " " in name or "+" in name:
        raise ValueError(f"{shown(name)} is no name of a signer")
    raw = base64.b64decode(encoded, validate=True)
    if len(raw) <= _HINT_BYTES:
        raise ValueError("a signature below the note is too short")
    return NoteSignature(name, raw[:_HINT_BYTES], raw[_HINT_BYTES:])
