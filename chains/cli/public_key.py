"""`chains public-key`: the public half of a key."""

from pathlib import Path

import click

from chains.cli.cosign_command import CosignCommand
from chains.cli.key_reference import signer_for
from chains.cli.loop import run
from chains.errors import InputError


@click.command(name="public-key", cls=CosignCommand)
@click.option("--key", "reference", required=True, metavar="REF", help="The key: a file, env://VAR, or k8s://NS/NAME.")
@click.option("--outfile", type=click.Path(path_type=Path), metavar="FILE", help="Write it there instead.")
def command(reference: str, outfile: Path | None) -> None:
    """Print the public half of a private key, as PEM."""
    public = run(signer_for(reference)).public_pem
    if outfile is None:
        click.echo(public, nl=False)
        return
    try:
        outfile.write_bytes(public)
    except OSError as error:
        raise InputError(f"{outfile} cannot be written: {error.strerror}") from error
    click.echo(f"wrote {outfile}", err=True)
