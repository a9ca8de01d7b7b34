"""The Secret that holds the signing key: read, and written for a new key pair."""

import base64
import binascii
from collections.abc import Mapping

import msgspec

from chains.errors import EdgeError, InputError
from chains.kube.client import KubeClient
from chains.kube.refusals import ConflictError
from chains.kube.resources import SECRETS
from chains.kube.wire import decoded


class Secret(msgspec.Struct, frozen=True):
    """A Secret as far as it is read: `data` is base64 as the API has it."""

    type: str = ""
    data: dict[str, str] | None = None
    immutable: bool = False

    def files(self, what: str) -> dict[str, bytes]:
        """Return the entries decoded; raise EdgeError for one that is not base64."""
        try:
            return {name: base64.b64decode(text, validate=True) for name, text in (self.data or {}).items()}
        except binascii.Error as error:
            raise EdgeError(f"{what} holds an entry that is not base64: {error}", transient=False) from error

    def __repr__(self) -> str:
        return f"Secret(type={self.type!r}, {len(self.data or {})} entries)"


PUBLIC_KEY = "cosign.pub"

_secrets = msgspec.json.Decoder(Secret)
_whole_secrets = msgspec.json.Decoder(dict[str, msgspec.Raw])


async def read_secret(client: KubeClient, namespace: str, name: str) -> Secret | None:
    """Return a Secret, None when it does not exist."""
    body = await client.get(SECRETS.path(namespace, name))
    return None if body is None else decoded(_secrets, body, "a Secret")


class SecretSource:
    """A Secret as the place where a signing key lives."""

    def __init__(self, client: KubeClient, namespace: str, name: str) -> None:
        self._client = client
        self._namespace = namespace
        self._secret = name

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"the Secret {self._namespace}/{self._secret}"

    async def read(self) -> Mapping[str, bytes]:
        """Return the entries by name; raise EdgeError, not transient when it is missing or may not be read."""
        secret = await read_secret(self._client, self._namespace, self._secret)
        if secret is None:
            helps = f"chains generate-key-pair k8s://{self._namespace}/{self._secret}"
            raise EdgeError(f"{self.name} with the signing key does not exist: {helps} makes one", transient=False)
        return secret.files(self.name)


async def write_key_pair_secret(client: KubeClient, namespace: str, name: str, files: Mapping[str, bytes]) -> bool:
    """Write a key pair's files into an immutable Secret as cosign does; return whether the Secret is new.

    One that exists keeps its other entries. Raises InputError when it is immutable already.
    """
    entries = {file: base64.b64encode(content).decode("ascii") for file, content in files.items()}
    path = SECRETS.path(namespace, name)
    held = await client.get(path)
    if held is not None:
        await _overwrite(client, path, f"{namespace}/{name}", held, entries)
        return False
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "type": "Opaque",
        "immutable": True,
        "data": entries,
    }
    await client.create(SECRETS.path(namespace), msgspec.json.encode(secret))
    return True


async def _overwrite(client: KubeClient, path: str, where: str, held: bytes, entries: Mapping[str, str]) -> None:
    secret = decoded(_secrets, held, "a Secret")
    if secret.immutable:
        raise InputError(
            f"the Secret {where} exists and is immutable: to rotate the key, keep its cosign.pub for verifying, "
            "delete the Secret, and generate the key pair again, or let --rotate do that"
        )
    whole = decoded(_whole_secrets, held, "a Secret")
    whole["data"] = msgspec.Raw(msgspec.json.encode((secret.data or {}) | dict(entries)))
    whole["immutable"] = msgspec.Raw(b"true")
    if await client.replace(path, msgspec.json.encode(whole)) is None:
        raise ConflictError(f"the Secret {where} was deleted while it was being written: try again", transient=True)
