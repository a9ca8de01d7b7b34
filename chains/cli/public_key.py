"""`chains public-key`: the public half of a key."""

from pathlib import Path

import click

from chains.cli.cosign_command import CosignCommand, output_file_flag, timeout_flag, together, verbose_flag
from chains.cli.image_source import run_within
from chains.cli.key_reference import signer_for
from chains.cli.key_schemes import WEB
from chains.cli.terminal import say
from chains.cli.verifying_key import verifier_for
from chains.errors import InputError


@click.command(name="public-key", cls=CosignCommand)
@click.option(
    "--key",
    "reference",
    type=click.Path(),
    required=True,
    metavar="REF",
    help="The key: a file, env://VAR, or k8s://NS/NAME; of https:// and k8s-cm:// the public key that is there.",
)
@click.option("--outfile", type=click.Path(path_type=Path), metavar="FILE", help="Write it there instead.")
@together(output_file_flag, timeout_flag, verbose_flag)
def command(reference: str, outfile: Path | None, timeout: str, verbose: bool) -> None:
    """Print the public half of a private key, as PEM."""
    public = run_within(timeout, _public_pem(reference))
    if outfile is None:
        click.echo(public, nl=False)
        return
    try:
        outfile.write_bytes(public)
    except OSError as error:
        raise InputError(f"{outfile} cannot be written: {error.strerror}") from error
    say(f"wrote {outfile}", err=True)


async def _public_pem(reference: str) -> bytes:
    if reference.partition("://")[0] in (*WEB, "k8s-cm"):
        return (await verifier_for(reference, "sha256", offline=False)).public_pem
    return (await signer_for(reference)).public_pem
