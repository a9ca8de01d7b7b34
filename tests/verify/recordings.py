"""The recorded repositories on an embedded registry, and the command line in this process."""

import base64
import importlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
from click.testing import CliRunner

from chains.artifacts.reference import Digest, Repository
from chains.cli.main import COMMANDS
from chains.demo.registry.behaviour import DISTRIBUTION_2_8, Behaviour
from chains.demo.registry.server import RegistryServer
from chains.registry.client import RegistryClient
from chains.registry.credentials import ChainedKeychain
from tests.verify.servers import elsewhere

CAPTURES = Path(__file__).parent / "captures"
WORKDIR = CAPTURES / "workdir"
RECORDED_ADDRESS = "127.0.0.1:5056"
IGNORED = "--insecure-ignore-tlog=true"
_NOBODY = ChainedKeychain()
# The public log is no place for a test: port 9 of this machine answers nobody.
_NO_WAY_OUT = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
_INDEX = "application/vnd.oci.image.index.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@dataclass(frozen=True)
class Ended:
    """What a command left behind."""

    exit_code: int
    stdout: str
    stderr: str


def chains(*arguments: str, env: Mapping[str, str] | None = None, cwd: Path = WORKDIR) -> Ended:
    """Run `chains` in this process, with no settings of this machine's, in a folder."""
    command: click.Command = importlib.import_module(COMMANDS[arguments[0]]).command
    clean = {name: None for name in os.environ if name.startswith(("COSIGN_", "SIGSTORE_", "TUF_", "KUBE", "DOCKER_"))}
    with chdir(cwd):
        result = CliRunner().invoke(command, list(arguments[1:]), env={**clean, **_NO_WAY_OUT, **(env or {})})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ended(result.exit_code, result.stdout, result.stderr)


@contextmanager
def recorded_registry(*repositories: str, behaviour: Behaviour = DISTRIBUTION_2_8) -> Iterator[RegistryServer]:
    """Serve the recorded repositories, or all of them, from a thread of its own."""
    held = json.loads((CAPTURES / "repositories.json").read_text())
    chosen = {name: held[name] for name in repositories or held}
    with elsewhere() as there, there.serving(RegistryServer(behaviour)) as server:
        there.run(_fill(server, chosen))
        yield server


async def _fill(server: RegistryServer, repositories: Mapping[str, dict]) -> None:
    async with RegistryClient() as client:
        for name, held in repositories.items():
            repository = Repository(server.address, name)
            for blob in held["blobs"]:
                await client.put_blob(repository, bytes_of(blob), _NOBODY)
            # Children come before the indexes that list them, whatever their names.
            documents = sorted(held["manifests"].items(), key=lambda item: '"manifests"' in item[1])
            for reference, text in documents:
                kind = json.loads(text).get("mediaType", _MANIFEST)
                target = Digest.parse(reference) if reference.startswith("sha256:") else reference
                await client.put_manifest(repository, target, bytes_of(text), kind, _NOBODY)


def bytes_of(text: str | dict) -> bytes:
    return text.encode() if isinstance(text, str) else base64.b64decode(text["base64"])


def commands() -> list[dict]:
    return [json.loads(line) for line in (CAPTURES / "commands.jsonl").read_text().splitlines()]


def on(address: str, command: Sequence[str]) -> list[str]:
    """The recorded command, told where the registry is now."""
    return [argument.replace(RECORDED_ADDRESS, address) for argument in command]


def same_output(one: str, other: str) -> bool:
    """Whether two outputs hold the same lines in any order, JSON compared as JSON."""
    return _lines(one) == _lines(other)


def _lines(text: str) -> list[str]:
    found = []
    for line in text.strip().splitlines():
        try:
            found.append(json.dumps(json.loads(line), sort_keys=True))
        except ValueError:
            found.append(line.rstrip())
    return sorted(found)
