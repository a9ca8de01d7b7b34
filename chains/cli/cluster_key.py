"""Public keys out of a cluster: the entry `cosign.pub` of a Secret, or of a ConfigMap."""

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
    namespace, name = config_map_name(reference) if in_config_map else secret_name(reference)
    client = await KubeClient.connect()
    try:
        files: Mapping[str, bytes]
        if in_config_map:
            files = await read_config_map(client, namespace, name)
        else:
            files = await SecretSource(client, namespace, name).read()
    finally:
        await client.close()
    if PUBLIC_KEY not in files:
        raise InputError(f"{reference} has no entry {PUBLIC_KEY}")
    return files[PUBLIC_KEY]
