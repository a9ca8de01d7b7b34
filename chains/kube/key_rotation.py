"""A new key pair in the place of an old one; the old public keys stay, in a ConfigMap that anybody may read."""

import base64
import hashlib
from collections.abc import Mapping

import msgspec

from chains.errors import ChainsError, EdgeError
from chains.kube.client import KubeClient
from chains.kube.resources import CONFIG_MAPS, SECRETS
from chains.kube.secret import PUBLIC_KEY, Secret, write_key_pair_secret
from chains.kube.wire import decoded

# Members of metadata that are the old Secret's own.
_ITS_OWN = ("uid", "resourceVersion", "creationTimestamp", "managedFields", "generation", "selfLink")

_secrets = msgspec.json.Decoder(Secret)
_whole = msgspec.json.Decoder(dict[str, msgspec.Raw])


def history_name(secret: str) -> str:
    """Return the name of the ConfigMap with a Secret's public keys."""
    return f"{secret}-public-keys"


async def rotate_key_pair_secret(
    client: KubeClient, namespace: str, name: str, files: Mapping[str, bytes], old_public: bytes
) -> None:
    """Put a new key pair's files into the Secret, made anew where it is immutable, and both public keys into history.

    Its other entries, labels and annotations stay. The old public key is kept before anything is deleted, and a Secret
    that cannot be made anew is put back. Raises EdgeError.
    """
    path = SECRETS.path(namespace, name)
    held = await client.get(path)
    if held is None:
        raise EdgeError(f"the Secret {namespace}/{name} does not exist: leave --rotate away", transient=False)
    old_entry = f"cosign-{hashlib.sha256(old_public).hexdigest()[:12]}.pub"
    await _remember(client, namespace, name, {old_entry: old_public.decode()})
    if decoded(_secrets, held, "a Secret").immutable:
        await _make_anew(client, namespace, name, held, files)
    else:
        await write_key_pair_secret(client, namespace, name, files)
    await _remember(client, namespace, name, {PUBLIC_KEY: files[PUBLIC_KEY].decode()})


async def _make_anew(client: KubeClient, namespace: str, name: str, held: bytes, files: Mapping[str, bytes]) -> None:
    entries = {file: base64.b64encode(content).decode("ascii") for file, content in files.items()}
    whole = decoded(_whole, held, "a Secret")
    metadata = msgspec.json.decode(whole["metadata"], type=dict[str, msgspec.Raw])
    kept = {member: value for member, value in metadata.items() if member not in _ITS_OWN}
    whole["metadata"] = msgspec.Raw(msgspec.json.encode(kept))
    old = msgspec.json.encode(whole)
    data = decoded(_secrets, held, "a Secret").data or {}
    whole["data"] = msgspec.Raw(msgspec.json.encode(data | entries))
    await client.delete(SECRETS.path(namespace, name))
    try:
        await client.create(SECRETS.path(namespace), msgspec.json.encode(whole))
    except ChainsError:
        await client.create(SECRETS.path(namespace), old)
        raise


async def _remember(client: KubeClient, namespace: str, name: str, entries: Mapping[str, str]) -> None:
    """Put public keys into the ConfigMap, which is made where there is none; what else it holds stays."""
    where, body = CONFIG_MAPS.path(namespace, history_name(name)), {"data": entries}
    if await client.merge_patch(where, msgspec.json.encode(body)) is not None:
        return
    metadata = {"name": history_name(name), "namespace": namespace}
    config_map = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, **body}
    await client.create(CONFIG_MAPS.path(namespace), msgspec.json.encode(config_map))
