"""Key pairs in files: PREFIX.key for its owner alone, PREFIX.pub for everybody."""

from pathlib import Path

import click

from chains.errors import InputError
from chains.keys.generate import GeneratedKeyPair


def check_free(prefix: str, *, overwrite: bool = False) -> None:
    """Ask before files are overwritten, unless told to; raise InputError when the answer is no."""
    there = [str(path) for path in _paths(prefix) if path.exists()]
    if there and not overwrite and not click.confirm(f"{' and '.join(there)} will be overwritten. Go on?", err=True):
        raise InputError("nothing was written: the user declined the prompt")


def write_pair(prefix: str, pair: GeneratedKeyPair) -> None:
    """Write both files and say so on stderr."""
    private, public = _paths(prefix)
    write_file(private, pair.private_pem, 0o600)
    write_file(public, pair.public_pem, 0o644)
    click.echo(f"Private key written to {private}", err=True)
    click.echo(f"Public key written to {public}", err=True)


def write_file(path: Path, content: bytes, mode: int) -> None:
    """Write a file that never has more rights than `mode`; raise InputError."""
    try:
        path.touch(mode)
        path.chmod(mode)
        path.write_bytes(content)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error


def _paths(prefix: str) -> tuple[Path, Path]:
    return Path(f"{prefix}.key"), Path(f"{prefix}.pub")
