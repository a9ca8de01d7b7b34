"""`chains import-key-pair`: a private key made elsewhere, as cosign keeps them."""

from pathlib import Path

import click

from chains.cli.cosign_command import CosignCommand
from chains.cli.key_files import check_free, write_pair
from chains.cli.key_reference import password_for
from chains.errors import InputError
from chains.keys.generate import import_key_pair


@click.command(name="import-key-pair", cls=CosignCommand)
@click.option("--key", "-k", "path", required=True, type=click.Path(path_type=Path), metavar="FILE", help="A PEM file.")
@click.option(
    "--output-key-prefix",
    "-o",
    default="import-cosign",
    show_default=True,
    metavar="PREFIX",
    help="Names of the files.",
)
def command(path: Path, output_key_prefix: str) -> None:
    """Encrypt a plain private key (PKCS#8, SEC1 or PKCS#1) into PREFIX.key, and write its public half to PREFIX.pub."""
    try:
        pem = path.read_bytes()
    except OSError as error:
        raise InputError(f"the key {path} cannot be read: {error.strerror}") from error
    check_free(output_key_prefix)
    password = password_for("Enter password for private key", confirm=True)
    write_pair(output_key_prefix, import_key_pair(pem, password))
