"""Key pairs in files: PREFIX.key for its owner alone, PREFIX.pub for everybody."""

from pathlib import Path

import click

from chains.cli.terminal import say
from chains.errors import InputError
from chains.keys.generate import GeneratedKeyPair


def check_free(*paths: Path, overwrite: bool = False) -> None:
    """Ask, in cosign's words, before files are overwritten, unless told to; raise InputError when the answer is no."""
    there = [str(path) for path in paths if path.exists()]
    if not there or overwrite:
        return
    for name in there:
        say(f"WARNING: File {name} already exists. Overwrite?", err=True)
    if not agreed("Are you sure you would like to continue?"):
        raise InputError("user declined the prompt: nothing was written; --yes overwrites without asking")


def agreed(question: str) -> bool:
    """Ask on the terminal, or standard input; its end is a no."""
    try:
        return click.confirm(question, err=True)
    except click.Abort:
        click.echo(err=True)
        return False


def write_pair(prefix: str, pair: GeneratedKeyPair) -> None:
    """Write both files and say so on stderr."""
    private, public = key_paths(prefix)
    write_file(private, pair.private_pem, 0o600)
    write_file(public, pair.public_pem, 0o644)
    say(f"Private key written to {private}", err=True)
    say(f"Public key written to {public}", err=True)


def write_file(path: Path, content: bytes, mode: int) -> None:
    """Write a file that never has more rights than `mode`; raise InputError."""
    try:
        path.touch(mode)
        path.chmod(mode)
        path.write_bytes(content)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error


def key_paths(prefix: str) -> tuple[Path, Path]:
    """Return where the private and the public half of a pair are written."""
    return Path(f"{prefix}.key"), Path(f"{prefix}.pub")
