"""`chains generate-key-pair`: a new key pair, in files or in a Kubernetes Secret, as cosign lays it out."""

from collections.abc import Mapping
from typing import Any

import click

from chains.cli.cosign_command import CosignCommand, output_file_flag, switch, timeout_flag, together, verbose_flag
from chains.cli.image_source import run_within
from chains.cli.key_files import agreed, check_free, key_paths, write_file, write_pair
from chains.cli.key_reference import new_password
from chains.cli.terminal import say
from chains.errors import InputError
from chains.keys.generate import generate_key_pair
from chains.keys.secret import signer_from_secret
from chains.kube.client import KubeClient
from chains.kube.key_rotation import history_name, rotate_key_pair_secret
from chains.kube.reference import secret_name
from chains.kube.secret import PUBLIC_KEY, SecretSource, write_key_pair_secret


@click.command(name="generate-key-pair", cls=CosignCommand)
@click.argument("reference", default="", metavar="[k8s://NAMESPACE/SECRET]")
@click.option("--output-key-prefix", default="cosign", show_default=True, metavar="PREFIX", help="Names of the files.")
@click.option("--kubeconfig", metavar="F", help="How to reach the cluster, for k8s://.")
@switch("--rotate", text="Put the new pair in the place of that in the Secret, and keep the old public key.")
@switch("--yes", "-y", text="Overwrite files, and rotate, without asking.")
@together(output_file_flag, timeout_flag, verbose_flag)
def command(reference: str, output_key_prefix: str, rotate: bool, yes: bool, **cluster: Any) -> None:
    """Make an ECDSA P-256 key pair that cosign and chains can use.

    The files are PREFIX.key, encrypted with a password, and PREFIX.pub; with k8s:// the pair and its password go into a
    Secret, and PREFIX.pub is written here as well. The password comes from $COSIGN_PASSWORD, the terminal, or standard
    input.
    """
    if rotate and not reference.startswith("k8s://"):
        raise InputError("--rotate is for the key pair in a Secret: give k8s://NAMESPACE/SECRET")
    if not reference:
        check_free(*key_paths(output_key_prefix), overwrite=yes)
        write_pair(output_key_prefix, generate_key_pair(new_password()))
    elif reference.startswith("k8s://"):
        _write_secret(reference, output_key_prefix, ask=not yes, rotate=rotate, cluster=cluster)
    elif "://" in reference:
        raise InputError(f"{reference}: keys are made in files or in a Secret, k8s://NAMESPACE/SECRET")
    else:
        raise InputError(f"{reference}: could not parse scheme, use k8s://NAMESPACE/SECRET, or nothing for files")


def _write_secret(reference: str, prefix: str, *, ask: bool, rotate: bool, cluster: Mapping[str, Any]) -> None:
    namespace, name = secret_name(reference)
    _, public = key_paths(prefix)
    check_free(public, overwrite=not ask)
    if rotate and ask and not agreed(f"The key pair in the Secret {namespace}/{name} will be replaced. Go on?"):
        raise InputError("user declined the prompt: nothing was written; --yes rotates without asking")
    password = new_password()
    pair = generate_key_pair(password)
    files = {"cosign.key": pair.private_pem, PUBLIC_KEY: pair.public_pem, "cosign.password": password}
    store = _rotate if rotate else _store
    run_within(cluster["timeout"], store(cluster["kubeconfig"], namespace, name, files))
    write_file(public, pair.public_pem, 0o644)
    if rotate:
        say(f"Replaced the key pair in secret {name} in namespace {namespace}", err=True)
        say(f"Public keys, old ones too, are in configmap {history_name(name)}", err=True)
    else:
        say(f"Successfully created secret {name} in namespace {namespace}", err=True)
    say(f"Public key written to {public}", err=True)


async def _store(kubeconfig: str | None, namespace: str, name: str, files: Mapping[str, bytes]) -> None:
    client = await KubeClient.connect(kubeconfig)
    try:
        await write_key_pair_secret(client, namespace, name, files)
    finally:
        await client.close()


async def _rotate(kubeconfig: str | None, namespace: str, name: str, files: Mapping[str, bytes]) -> None:
    client = await KubeClient.connect(kubeconfig)
    try:
        held = await SecretSource(client, namespace, name).read()
        old_public = held.get(PUBLIC_KEY) or signer_from_secret(held).public_pem
        await rotate_key_pair_secret(client, namespace, name, files, old_public)
    finally:
        await client.close()
