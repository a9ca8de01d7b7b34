"""An independent client pushes to and pulls from the embedded registry."""

import asyncio
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import oras.client
import pytest

from chains.demo.registry.access import Account, Gate, Open, Passwords, Scope
from chains.demo.registry.behaviour import DISTRIBUTION_2_8, Behaviour
from chains.demo.registry.server import RegistryServer
from chains.demo.registry.tokens import Tokens

CONTENT = b"what is pushed is pulled\n" * 1000
ACCESS = {"team/*": {"pull", "push"}}
ACCOUNTS = {"ci": Account("pw", ACCESS)}


@contextmanager
def oras_client(target: str, backend: str) -> Iterator[oras.client.OrasClient]:
    client = oras.client.OrasClient(hostname=target.partition("/")[0], insecure=True, auth_backend=backend)
    try:
        client.auth.set_basic_auth("ci", "pw")
        yield client
    finally:
        client.session.close()


def push(target: str, folder: Path, backend: str, *, chunked: bool, bearer: str = "") -> None:
    source = folder / "content.txt"
    source.write_bytes(CONTENT)
    with oras_client(target, backend) as client:
        if bearer:
            client.auth.set_token_auth(bearer)
        client.push(
            target, files=[str(source)], disable_path_validation=True, do_chunked=chunked, chunk_size=1000, quiet=True
        )


def pull(target: str, folder: Path, backend: str) -> bytes:
    with oras_client(target, backend) as client:
        (pulled,) = client.pull(target, outdir=str(folder / "pulled"))
        return Path(pulled).read_bytes()


@pytest.mark.parametrize("behaviour", [Behaviour(), DISTRIBUTION_2_8, Behaviour(single_post=True)])
@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(("gate", "backend"), [(Open(), "token"), (Passwords(ACCOUNTS), "basic")])
async def test_oras_pushes_and_pulls(
    tmp_path: Path, behaviour: Behaviour, chunked: bool, gate: Gate, backend: str
) -> None:
    async with RegistryServer(behaviour, gate=gate) as server:
        target = f"{server.address}/team/app:v1"
        await asyncio.to_thread(push, target, tmp_path, backend, chunked=chunked)
        (layer,) = json.loads(server.manifest("team/app", "v1"))["layers"]
        assert layer["digest"] == "sha256:" + hashlib.sha256(CONTENT).hexdigest()
        assert server.blob(layer["digest"]) == CONTENT
        assert await asyncio.to_thread(pull, target, tmp_path, backend) == CONTENT


async def test_oras_gets_a_token_by_password_to_pull(tmp_path: Path) -> None:
    """It keeps the first token it gets; one to pull would not do to push, so the push brings its own."""
    gate = Tokens(ACCOUNTS)
    async with RegistryServer(gate=gate) as server:
        target = f"{server.address}/team/app:v1"
        bearer, _ = gate.issue(ACCESS, [Scope("repository", "team/app", ("pull", "push"))])
        await asyncio.to_thread(push, target, tmp_path, "token", chunked=False, bearer=bearer)
        assert server.requests["GET", "token"] == 0
        assert await asyncio.to_thread(pull, target, tmp_path, "token") == CONTENT
        assert server.requests["GET", "token"] == 1
