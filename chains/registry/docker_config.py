"""Docker's configuration documents: entries for repositories (config.json, .dockerconfigjson, .dockercfg)."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Self, TypeVar

import msgspec

from chains.artifacts.reference import DOCKER_HUB, Repository, shown
from chains.errors import InputError
from chains.registry.credential import Credential

_T = TypeVar("_T")
_HUB_NAMES = frozenset({"docker.io", DOCKER_HUB, "registry-1.docker.io", "registry.hub.docker.com"})
_GLOB = frozenset("*?[")


class _Auth(msgspec.Struct):
    username: str | None = None
    password: str | None = None
    auth: str | None = None
    identitytoken: str | None = None
    registrytoken: str | None = None


class _Document(msgspec.Struct):
    auths: dict[str, _Auth | None] | None = None
    cred_helpers: dict[str, str] | None = msgspec.field(name="credHelpers", default=None)
    creds_store: str | None = msgspec.field(name="credsStore", default=None)


@dataclass(frozen=True, slots=True)
class RegistryPattern:
    """The repositories an entry is for: a host whose labels may be globs, its port, and a path of whole segments."""

    host: str
    port: str = ""
    path: tuple[str, ...] = ()

    @classmethod
    def parse(cls, key: str) -> Self:
        """Read an entry's key: scheme and API version are dropped, Docker Hub's names are one (config.md 5)."""
        host, _, path = key.strip().rpartition("://")[2].partition("/")
        segments = [segment for segment in path.split("/") if segment]
        if segments and segments[0] in ("v1", "v2"):
            del segments[0]
        name, port = _split_port(host.lower())
        if name in _HUB_NAMES:
            name, port = DOCKER_HUB, ""
        return cls(name, port, tuple(segments))

    @property
    def rank(self) -> tuple[int, bool, int, str]:
        """Sorts the most specific pattern first."""
        return -len(self.path), bool(_GLOB & set(self.host)), -len(self.host), self.host

    @property
    def host_and_port(self) -> str:
        """The registry as an image reference names it."""
        return f"{self.host}:{self.port}" if self.port else self.host

    def covers(self, repository: Repository) -> bool:
        """Whether the repository is one of these."""
        host, port = _split_port(repository.registry.lower())
        path = tuple(repository.path.split("/"))
        return port == self.port and path[: len(self.path)] == self.path and _labels_match(self.host, host)


@dataclass(frozen=True, slots=True)
class DockerConfig:
    """A configuration document; entries come most specific first, credential programs go by registry."""

    entries: tuple[tuple[RegistryPattern, Credential], ...] = ()
    programs: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    program: str = ""

    @classmethod
    def parse(cls, document: bytes) -> Self:
        """Read `config.json` or a secret's `.dockerconfigjson`; raise InputError for anything else."""
        read = _decode(document, _Document, "Docker configuration (JSON with a member auths)")
        programs = {RegistryPattern.parse(key).host_and_port: name for key, name in (read.cred_helpers or {}).items()}
        return cls(_entries(read.auths or {}), MappingProxyType(programs), read.creds_store or "")

    @classmethod
    def parse_legacy(cls, document: bytes) -> Self:
        """Read a secret's `.dockercfg`, the member `auths` alone."""
        return cls(_entries(_decode(document, dict[str, _Auth | None], "legacy Docker configuration (.dockercfg)")))

    def credentials(self, repository: Repository) -> Iterator[Credential]:
        """Yield the credentials of the entries that cover the repository, most specific first, each once."""
        yield from dict.fromkeys(credential for pattern, credential in self.entries if pattern.covers(repository))

    def program_for(self, repository: Repository) -> str:
        """Return the credential program named for the repository's registry, or nothing."""
        return self.programs.get(RegistryPattern.parse(repository.registry).host_and_port, "")


def _decode(document: bytes, shape: type[_T], what: str) -> _T:
    try:
        return msgspec.json.decode(document, type=shape)
    except msgspec.ValidationError as error:
        # The decoder's message names types and paths, and never a value.
        raise InputError(f"this is no {what}: {shown(str(error))}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InputError(f"this is no {what}: it is not JSON") from None


def _entries(auths: Mapping[str, _Auth | None]) -> tuple[tuple[RegistryPattern, Credential], ...]:
    found = [(RegistryPattern.parse(key), _credential(key, auth)) for key, auth in auths.items() if auth is not None]
    kept = [(pattern, credential) for pattern, credential in found if credential != Credential()]
    return tuple(sorted(kept, key=lambda entry: entry[0].rank))


def _credential(key: str, auth: _Auth) -> Credential:
    username, password = auth.username or "", auth.password or ""
    if auth.auth:
        username, password = _user_and_password(key, auth.auth)
    return Credential(username, password, auth.identitytoken or "", auth.registrytoken or "")


def _user_and_password(key: str, encoded: str) -> tuple[str, str]:
    text = "".join(encoded.split())
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode()
    except (binascii.Error, UnicodeError):
        decoded = ""
    username, colon, password = decoded.partition(":")
    if not colon:
        raise InputError(f"the auth of the entry {shown(key)} is not the base64 of user:password") from None
    return username, password.rstrip("\0")


def _split_port(authority: str) -> tuple[str, str]:
    host, colon, port = authority.rpartition(":")
    if not colon or port.endswith("]"):
        return authority, ""
    return host, port


def _labels_match(pattern: str, host: str) -> bool:
    if "[" in host:  # an IPv6 literal; its brackets are no glob
        return pattern == host
    wanted, labels = pattern.split("."), host.split(".")
    return len(wanted) == len(labels) and all(map(fnmatchcase, labels, wanted))
