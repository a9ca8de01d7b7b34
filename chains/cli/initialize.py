"""`chains initialize`: Sigstore's trusted root as it is today, from a TUF mirror."""

import os
from pathlib import Path

import click

from chains.cli.cosign_command import CosignCommand, timeout_flag
from chains.cli.image_source import run_within
from chains.cli.key_schemes import check_no_user
from chains.errors import InputError
from chains.hosts.addresses import secure_url
from chains.hosts.reach import Reach
from chains.rekor.key_source import MIRROR, embedded, root_folder
from chains.rekor.log_key import read_log_keys


@click.command(name="initialize", cls=CosignCommand)
@click.option("--mirror", default=MIRROR, show_default=True, metavar="URL", help="The TUF repository that is asked.")
@click.option(
    "--root",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The mirror's root metadata to begin with; the public mirror's comes with chains.",
)
@timeout_flag
def command(mirror: str, root: Path | None, timeout: str) -> None:
    """Fetch the trusted root of the public Sigstore, or of another, and say where it is.

    What the public mirror has is used from then on where the public log's keys are needed; the trusted root of another
    is for --trusted-root and transparency.public-key. It is kept below $TUF_ROOT, by default ~/.sigstore/root.
    """
    check_no_user(mirror, "--mirror")
    secure_url(mirror)
    click.echo(run_within(timeout, _fetch(mirror, _first_root(mirror, root))))


async def _fetch(mirror: str, root: bytes) -> Path:
    try:
        from chains.rekor.mirror import fetch_trusted_root  # noqa: PLC0415 - its library is an extra
    except ModuleNotFoundError as error:
        raise InputError(f"a TUF mirror is read by a package that is not there ({error})") from error
    folder = root_folder(os.environ, mirror)
    found = await fetch_trusted_root(mirror, folder, root, Reach.from_environment(os.environ))
    read_log_keys(found.read_bytes())
    return found


def _first_root(mirror: str, root: Path | None) -> bytes:
    if root is None and mirror != MIRROR:
        raise InputError(f"{mirror} needs --root: its first root metadata, from somebody that you trust")
    try:
        return embedded("root.json") if root is None else root.read_bytes()
    except OSError as error:
        raise InputError(f"the mirror's root metadata cannot be read: {error}") from error
