"""`chains import-key-pair`: a private key made elsewhere, as cosign keeps them."""

import click

from chains.cli.cosign_command import CosignCommand, output_file_flag, switch, timeout_flag, together, verbose_flag
from chains.cli.key_files import check_free, key_paths, write_pair
from chains.cli.key_reference import new_password, private_key_pem
from chains.keys.generate import import_key_pair


@click.command(name="import-key-pair", cls=CosignCommand)
@click.option("--key", "-k", "reference", required=True, metavar="REF", help="A PEM file, or env://VAR.")
@click.option(
    "--output-key-prefix",
    "-o",
    default="import-cosign",
    show_default=True,
    metavar="PREFIX",
    help="Names of the files.",
)
@switch("--yes", "-y", text="Overwrite files without asking.")
@together(output_file_flag, timeout_flag, verbose_flag)
def command(reference: str, output_key_prefix: str, yes: bool, timeout: str, verbose: bool) -> None:
    """Encrypt a plain private key (PKCS#8, SEC1 or PKCS#1) into PREFIX.key, and write its public half to PREFIX.pub."""
    pem = private_key_pem(reference)
    check_free(*key_paths(output_key_prefix), overwrite=yes)
    write_pair(output_key_prefix, import_key_pair(pem, new_password()))
