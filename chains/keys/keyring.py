"""The key in force, and its rotation."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from chains.errors import EdgeError, InputError
from chains.keys.secret import signer_from_secret
from chains.keys.signer import KeySigner


class SecretSource(Protocol):
    """Where the signing secret lives."""

    @property
    def name(self) -> str:
        """What messages call it, such as `the folder /etc/signing-secrets`."""

    async def read(self) -> Mapping[str, bytes]:
        """Return the secret's files by name, all of one version; a file that is not there is left out.

        Raises EdgeError: `transient` when nobody can tell what the secret holds now (the key in force stays in force),
        not transient when the secret is gone or may not be read (there is no key).
        """


@dataclass(frozen=True, slots=True)
class KeyringState:
    """What the ring can do: `key_id` is the key in force, empty when there is none; `problem` says what is wrong."""

    key_id: str
    problem: str

    @property
    def ready(self) -> bool:
        """Whether there is a key to sign with."""
        return bool(self.key_id)


class Keyring:
    """Holds the signer of the secret's current version; call `refresh` at the start and every so often.

    Each version is decrypted once, off the event loop, whether it opens or not. A version that does not open leaves the
    ring without a key, never with an older one.
    """

    def __init__(
        self,
        source: SecretSource,
        load: Callable[[Mapping[str, bytes]], KeySigner] = signer_from_secret,
    ) -> None:
        self._source = source
        self._load = load
        self._turn = asyncio.Lock()
        self._version = b""
        self._signer: KeySigner | None = None
        self._fault = f"{source.name} has not been read yet"
        self._state = KeyringState("", self._fault)

    @property
    def state(self) -> KeyringState:
        """The state after the last refresh."""
        return self._state

    def current(self) -> KeySigner:
        """Return the key in force; raise EdgeError (transient) with the reason when there is none."""
        if self._signer is None:
            raise EdgeError(f"there is no key to sign with: {self._state.problem}", transient=True)
        return self._signer

    async def refresh(self) -> KeyringState | None:
        """Read the source and load what is new in it; return the new state, None when it is the old one."""
        async with self._turn:
            problem = await self._renew()
            state = KeyringState(self._signer.key_id if self._signer else "", problem)
            changed = state != self._state
            self._state = state
            return state if changed else None

    async def _renew(self) -> str:
        try:
            files = await self._source.read()
        except EdgeError as error:
            if not error.transient:
                self._version, self._signer, self._fault = b"", None, str(error)
            return str(error)
        version = _version_of(files)
        if version != self._version:
            self._signer, self._fault = await self._open(files)
            self._version = version
        return self._fault

    async def _open(self, files: Mapping[str, bytes]) -> tuple[KeySigner | None, str]:
        try:
            return await asyncio.to_thread(self._load, files), ""
        except InputError as error:
            return None, f"{self._source.name}: {error}"


def _version_of(files: Mapping[str, bytes]) -> bytes:
    version = hashlib.sha256()
    for name, content in sorted(files.items()):
        version.update(b"%d %d " % (len(name.encode()), len(content)) + name.encode() + content)
    return version.digest()
