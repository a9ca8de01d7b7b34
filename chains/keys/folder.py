"""A signing secret mounted as a folder."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from chains.errors import EdgeError
from chains.keys.secret import FILES

_SWAP = "..data"
_TRIES = 5
_LARGEST = 2**20  # what Kubernetes allows a whole Secret


class FolderSource:
    """Reads the secret's files from a folder, all of one version.

    Kubernetes mounts a Secret as links through `..data`, a link to the folder of the current version, and swaps that
    one link when the Secret changes. So it is followed once, the files are read there, and if it moved meanwhile all
    are read again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"the folder {self._path}"

    async def read(self) -> Mapping[str, bytes]:
        """Return the files that are there, off the event loop; raise EdgeError as `SecretSource` has it."""
        return await asyncio.to_thread(self._read)

    def _read(self) -> dict[str, bytes]:
        try:
            self._path.stat()
            for _ in range(_TRIES):
                version = self._version()
                files = _files(version)
                if self._version() == version:
                    return files
        except OSError as error:
            raise _refusal(self.name, error) from error
        raise EdgeError(f"{self.name} changes faster than it can be read", transient=True)

    def _version(self) -> Path:
        swap = self._path / _SWAP
        return self._path / swap.readlink() if swap.is_symlink() else self._path


def _files(folder: Path) -> dict[str, bytes]:
    files = {name: _content(folder / name) for name in FILES}
    return {name: content for name, content in files.items() if content is not None}


def _content(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except FileNotFoundError:
        return None
    if len(content) > _LARGEST:
        raise EdgeError(f"{path} has more than {_LARGEST} bytes; a key is far smaller", transient=False)
    return content


def _refusal(name: str, error: OSError) -> EdgeError:
    lasting = isinstance(error, FileNotFoundError | NotADirectoryError | IsADirectoryError | PermissionError)
    return EdgeError(f"{name} cannot be read: {error.strerror} ({error.filename})", transient=not lasting)
