"""`chains generate-key-pair`: a new key pair, in files or in a Kubernetes Secret, as cosign lays it out."""

from pathlib import Path

import click

from chains.cli.cosign_command import CosignCommand, output_file_flag, timeout_flag, together, verbose_flag
from chains.cli.image_source import run_within
from chains.cli.key_files import check_free, write_file, write_pair
from chains.cli.key_reference import password_for
from chains.errors import InputError
from chains.keys.generate import GeneratedKeyPair, generate_key_pair
from chains.kube.client import KubeClient
from chains.kube.reference import secret_name
from chains.kube.secret import write_key_pair_secret


@click.command(name="generate-key-pair", cls=CosignCommand)
@click.argument("reference", default="", metavar="[k8s://NAMESPACE/SECRET]")
@click.option("--output-key-prefix", default="cosign", show_default=True, metavar="PREFIX", help="Names of the files.")
@click.option("--kubeconfig", metavar="F", help="How to reach the cluster, for k8s://.")
@together(output_file_flag, timeout_flag, verbose_flag)
def command(reference: str, output_key_prefix: str, kubeconfig: str | None, timeout: str, verbose: bool) -> None:
    """Make an ECDSA P-256 key pair that cosign and chains can use.

    The files are PREFIX.key, encrypted with a password, and PREFIX.pub; with k8s:// the pair and its password go into a
    Secret, and PREFIX.pub is written here as well. The password comes from $COSIGN_PASSWORD, the terminal, or standard
    input.
    """
    if not reference:
        _write_files(output_key_prefix)
    elif reference.startswith("k8s://"):
        _write_secret(reference, output_key_prefix, kubeconfig, timeout)
    elif "://" in reference:
        raise InputError(f"{reference}: keys are made in files or in a Secret, k8s://NAMESPACE/SECRET")
    else:
        raise InputError(f"{reference}: could not parse scheme, use k8s://NAMESPACE/SECRET, or nothing for files")


def _write_files(prefix: str) -> None:
    check_free(prefix)
    write_pair(prefix, generate_key_pair(password_for("Enter password for private key", confirm=True)))


def _write_secret(reference: str, prefix: str, kubeconfig: str | None, timeout: str) -> None:
    namespace, name = secret_name(reference)
    password = password_for("Enter password for private key", confirm=True)
    pair = generate_key_pair(password)
    run_within(timeout, _store(kubeconfig, namespace, name, pair, password))
    write_file(Path(f"{prefix}.pub"), pair.public_pem, 0o644)
    click.echo(f"Successfully created secret {name} in namespace {namespace}", err=True)
    click.echo(f"Public key written to {prefix}.pub", err=True)


async def _store(kubeconfig: str | None, namespace: str, name: str, pair: GeneratedKeyPair, password: bytes) -> None:
    client = await KubeClient.connect(kubeconfig)
    try:
        files = {"cosign.key": pair.private_pem, "cosign.pub": pair.public_pem, "cosign.password": password}
        await write_key_pair_secret(client, namespace, name, files)
    finally:
        await client.close()
