"""Keys out of a cluster: the entries of a Secret, and `cosign.pub` of one or of a ConfigMap."""

from collections.abc import Mapping

from chains.errors import InputError
from chains.kube.client import KubeClient
from chains.kube.config_map import read_config_map
from chains.kube.reference import config_map_name, secret_name
from chains.kube.secret import SecretSource

PUBLIC_KEY = "cosign.pub"


async def read_public_key(reference: str) -> bytes:
    """Return the public key of `k8s://` or `k8s-cm://`; the latter needs no right to read the private key."""
    in_config_map = reference.startswith("k8s-cm://")
    files: Mapping[str, bytes]
    if in_config_map:
        namespace, name = config_map_name(reference)
        client = await KubeClient.connect()
        try:
            files = await read_config_map(client, namespace, name)
        finally:
            await client.close()
    else:
        files = await read_secret_files(reference)
    if PUBLIC_KEY not in files:
        raise InputError(f"{reference} has no entry {PUBLIC_KEY}")
    return files[PUBLIC_KEY]


async def read_secret_files(reference: str) -> Mapping[str, bytes]:
    """Return the entries of the Secret that `k8s://` names."""
    namespace, name = secret_name(reference)
    client = await KubeClient.connect()
    try:
        return await SecretSource(client, namespace, name).read()
    finally:
        await client.close()
