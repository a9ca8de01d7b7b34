"""Keychains: from a configuration file, from documents fetched one by one, and one after another."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import TypeVar

from chains.artifacts.reference import Repository
from chains.errors import InputError
from chains.registry.credential import Credential, Keychain
from chains.registry.credential_programs import ask_program
from chains.registry.docker_config import DockerConfig

_T = TypeVar("_T")


async def drawn(source: AsyncIterator[_T]) -> AsyncGenerator[_T, None]:
    """Yield what the source yields, and close it as soon as nobody asks any more, so that lazy look-ups end."""
    if isinstance(source, AsyncGenerator):
        async with aclosing(source):
            async for item in source:
                yield item
    else:
        async for item in source:
            yield item


class ChainedKeychain:
    """Offers what each keychain offers, in their order, and asks the next only when the last has nothing more."""

    def __init__(self, *keychains: Keychain) -> None:
        self._keychains = keychains

    async def credentials(self, repository: Repository) -> AsyncGenerator[Credential, None]:
        """Yield credentials, best first."""
        for keychain in self._keychains:
            async with aclosing(drawn(keychain.credentials(repository))) as offered:
                async for credential in offered:
                    yield credential


class FixedKeychain:
    """Offers one credential, to these registries alone."""

    def __init__(self, credential: Credential, registries: frozenset[str]) -> None:
        self._credential = credential
        self._registries = registries

    async def credentials(self, repository: Repository) -> AsyncGenerator[Credential, None]:
        """Yield it where it belongs."""
        if repository.registry in self._registries:
            yield self._credential


class DocumentsKeychain:
    """Offers the entries of documents that `fetch` yields; each is fetched only when those before it did not do."""

    def __init__(self, fetch: Callable[[], AsyncIterator[DockerConfig]]) -> None:
        self._fetch = fetch

    async def credentials(self, repository: Repository) -> AsyncGenerator[Credential, None]:
        """Yield credentials, best first; the documents' credential programs are never run."""
        async with aclosing(drawn(self._fetch())) as documents:
            async for document in documents:
                for credential in document.credentials(repository):
                    yield credential


class ConfigFileKeychain:
    """Offers the entries of this machine's Docker or containers configuration, read anew each time."""

    def __init__(self, places: tuple[Path, ...], env: Mapping[str, str]) -> None:
        self._places = places
        self._env = dict(env)

    async def credentials(self, repository: Repository) -> AsyncGenerator[Credential, None]:
        """Yield the program's for this registry, then the file's own, then the default program's."""
        config = await asyncio.to_thread(self._read)
        own = config.program_for(repository)
        if own and (credential := await ask_program(own, repository, self._env)):
            yield credential
        for credential in config.credentials(repository):
            yield credential
        if config.program and not own and (credential := await ask_program(config.program, repository, self._env)):
            yield credential

    def _read(self) -> DockerConfig:
        for place in self._places:
            try:
                return DockerConfig.parse(place.read_bytes())
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                raise InputError(f"the registry credentials in {place} cannot be read: {error.strerror}") from error
            except InputError as error:
                raise InputError(f"the registry credentials in {place} cannot be used: {error}") from error
        return DockerConfig()


def config_file_keychain(env: Mapping[str, str]) -> ConfigFileKeychain:
    """Return the keychain of the first file there is: Docker's, $REGISTRY_AUTH_FILE, or containers/auth.json."""
    docker = [Path(env["DOCKER_CONFIG"])] if env.get("DOCKER_CONFIG") else _below(env, "HOME", ".docker")
    named = [Path(env["REGISTRY_AUTH_FILE"])] if env.get("REGISTRY_AUTH_FILE") else []
    containers = [
        *_below(env, "XDG_RUNTIME_DIR", "containers"),
        *(_below(env, "XDG_CONFIG_HOME", "containers") or _below(env, "HOME", ".config/containers")),
    ]
    places = (
        *(folder / "config.json" for folder in docker),
        *named,
        *(folder / "auth.json" for folder in containers),
    )
    return ConfigFileKeychain(places, env)


def _below(env: Mapping[str, str], variable: str, path: str) -> list[Path]:
    return [Path(env[variable]) / path] if env.get(variable) else []
