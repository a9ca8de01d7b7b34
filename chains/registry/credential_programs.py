"""Docker's credential programs: `docker-credential-NAME get`, a registry on standard input, JSON on output."""

import asyncio
import re
from collections.abc import Mapping

import msgspec

from chains.artifacts.reference import DOCKER_HUB, Repository, shown
from chains.errors import EdgeError, InputError
from chains.registry.credential import Credential

HUB_KEY = "https://index.docker.io/v1/"
SECONDS = 10.0
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_NOT_FOUND = b"credentials not found"
_TOKEN_USER = "<token>"  # noqa: S105 - the word that marks an identity token, no secret


class _Found(msgspec.Struct):
    username: str = msgspec.field(name="Username")
    secret: str = msgspec.field(name="Secret")


async def ask_program(
    name: str, repository: Repository, env: Mapping[str, str], seconds: float = SECONDS
) -> Credential | None:
    """Ask one program for the registry's credential; return None when it has none, raise EdgeError when it fails."""
    if not _NAME.fullmatch(name):
        raise InputError(f"{shown(name)} is no name of a credential program")
    program = f"docker-credential-{name}"
    output, status = await _run(program, repository, env, seconds)
    if status and _NOT_FOUND in output:
        return None
    if status:
        raise EdgeError(f"{program} failed for {repository.registry} with exit status {status}", transient=True)
    try:
        found = msgspec.json.decode(output, type=_Found)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise EdgeError(f"{program} printed no credential for {repository.registry}", transient=True) from None
    if found.username == _TOKEN_USER:
        return Credential(identity_token=found.secret)
    return Credential(found.username, found.secret)


async def _run(program: str, repository: Repository, env: Mapping[str, str], seconds: float) -> tuple[bytes, int]:
    key = HUB_KEY if repository.registry == DOCKER_HUB else repository.registry
    try:
        process = await asyncio.create_subprocess_exec(
            program,
            "get",
            env=dict(env),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError as error:
        raise EdgeError(
            f"{program}, which the Docker configuration names, cannot be run ({error.strerror}); "
            "put it on PATH or take it out of credHelpers and credsStore",
            transient=False,
        ) from error
    try:
        async with asyncio.timeout(seconds):
            output, _ = await process.communicate(key.encode())
    except TimeoutError as error:
        raise EdgeError(f"{program} did not answer in {seconds:g} seconds", transient=True) from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return output, process.returncode or 0
