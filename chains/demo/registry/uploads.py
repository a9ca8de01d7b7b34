"""Uploads under way, and the state that a client carries from step to step in the URL."""

import hashlib
import secrets
import uuid
from dataclasses import dataclass, field

UPLOADS_LIMIT = 10_000


@dataclass(slots=True)
class Upload:
    """A blob on its way."""

    id: str
    repository: str
    content: bytearray = field(default_factory=bytearray)
    spoilt: bool = False


class Uploads:
    """The open uploads; beyond `UPLOADS_LIMIT` the oldest is given up."""

    def __init__(self) -> None:
        self._open: dict[str, Upload] = {}
        self._key = secrets.token_bytes(32)

    def start(self, repository: str) -> Upload:
        """Open an upload."""
        if len(self._open) >= UPLOADS_LIMIT:
            del self._open[next(iter(self._open))]
        upload = Upload(str(uuid.uuid4()), repository)
        self._open[upload.id] = upload
        return upload

    def find(self, id: str) -> Upload | None:  # noqa: A002 - what the specification calls it
        return self._open.get(id)

    def close(self, upload: Upload) -> None:
        """Forget the upload, finished or cancelled."""
        self._open.pop(upload.id, None)

    def state(self, upload: Upload) -> str:
        """Return the token of where the upload stands."""
        return self._signed(upload.repository, upload.id, len(upload.content))

    def offset(self, repository: str, id: str, state: str) -> int | None:  # noqa: A002 - as above
        """Return the offset that a token of ours for this upload names, else None."""
        digits = state.partition(".")[0]
        if not digits.isdecimal() or len(digits) > 20:
            return None
        offset = int(digits)
        return offset if state == self._signed(repository, id, offset) else None

    def _signed(self, repository: str, id: str, offset: int) -> str:  # noqa: A002 - as above
        message = f"{repository}\n{id}\n{offset}".encode()
        return f"{offset}.{hashlib.blake2b(message, key=self._key, digest_size=16).hexdigest()}"
