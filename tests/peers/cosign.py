"""Both cosigns, each offline: no transparency log, no TUF, signatures beside the image in `.sig` and `.att` tags."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.peers.programs import PASSWORD, Finished, run

_OFFLINE = {
    "cosign-2": ("--yes", "--tlog-upload=false"),
    "cosign-3": ("--yes", "--tlog-upload=false", "--use-signing-config=false"),
}
_LEGACY = {"cosign-2": (), "cosign-3": ("--new-bundle-format=false",)}
_UNLOGGED = "--insecure-ignore-tlog=true"

both_cosigns = pytest.mark.parametrize("cosign_name", list(_OFFLINE))


@dataclass(frozen=True)
class Cosign:
    """One cosign with a home of its own; keys are named by their files, settings are variables of its environment."""

    name: str
    home: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    async def call(self, *arguments: str | Path, password: str = PASSWORD) -> Finished:
        """Run any command."""
        return await run(self.name, *arguments, home=self.home, env={"COSIGN_PASSWORD": password, **self.settings})

    async def sign_blob(self, key: str | Path, blob: Path, *, password: str = PASSWORD) -> Finished:
        """Sign a file; the signature is written beside it, with the suffix `.signed`."""
        signed = ("--output-signature", f"{blob}.signed", blob)
        return await self.call("sign-blob", "--key", key, *self._writing, *signed, password=password)

    async def verify_blob(self, key: Path, signature: Path, blob: Path) -> Finished:
        """Verify a detached signature with a public key."""
        return await self.call("verify-blob", "--key", key, "--signature", signature, _UNLOGGED, blob)

    async def sign(self, key: Path, image: str) -> Finished:
        """Sign an image into its `.sig` tag."""
        return await self.call("sign", "--key", key, *self._writing, image)

    async def attest(self, key: Path, predicate: Path, image: str, *, kind: str = "slsaprovenance") -> Finished:
        """Attest an image in its `.att` tag."""
        return await self.call("attest", "--key", key, "--predicate", predicate, "--type", kind, *self._writing, image)

    async def attest_in_bundle(
        self, key: Path, predicate: Path, image: str, *, kind: str = "slsaprovenance"
    ) -> Finished:
        """Attest an image as cosign 3 does unless told otherwise: a Sigstore bundle that refers to the image."""
        what = ("--predicate", predicate, "--type", kind)
        return await self.call("attest", "--key", key, *what, *_OFFLINE[self.name], image)

    async def verify(self, key: Path, image: str, *flags: str) -> Finished:
        """Verify the signatures of an image."""
        return await self.call("verify", "--key", key, _UNLOGGED, *flags, image)

    async def verify_attestation(self, key: Path, image: str, *flags: str, kind: str = "slsaprovenance") -> Finished:
        """Verify the attestations of an image; those that verify are on standard output, one envelope a line."""
        return await self.call("verify-attestation", "--key", key, _UNLOGGED, "--type", kind, *flags, image)

    @property
    def _writing(self) -> tuple[str, ...]:
        return (*_OFFLINE[self.name], *_LEGACY[self.name])
