"""Several images in one command: where their names come from, and what one that fails means for the others."""

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import click

from chains.cli.cosign_command import refuse, switch, together
from chains.cli.terminal import printable
from chains.errors import ChainsError, InputError, VerificationError

image_list_flags = together(
    click.option(
        "--from-file", type=click.Path(), default="", metavar="FILE", help="Images, one a line; - is standard input."
    ),
    switch("--keep-going", text="Go on to the next image when one fails; the first failure decides the exit code."),
)


class SomeFailedError(VerificationError):
    """Some of several images failed, each with its own sentence already; `first` is the first of them."""

    def __init__(self, failures: list[ChainsError], images: int) -> None:
        super().__init__(f"{len(failures)} of {images} images failed")
        self.first = failures[0]


def images_from(named: tuple[str, ...], from_file: str) -> tuple[str, ...]:
    """Return the images of the command line and of the file, less empty lines and comments; refuse none at all."""
    images = (*named, *_listed(from_file)) if from_file else named
    if not images:
        refuse("requires at least 1 arg(s), only received 0")
    return images


async def for_each(images: tuple[str, ...], check: Callable[[str], Awaitable[None]], *, keep_going: bool) -> None:
    """Check the images in their order; raise at the first failure or, if going on, SomeFailedError at the end."""
    failures: list[ChainsError] = []
    for name in images:
        try:
            await check(name)
        except ChainsError as error:
            if not keep_going:
                raise
            click.echo(printable(f"Error: {name}: {error}"), err=True)
            failures.append(error)
    if failures:
        raise SomeFailedError(failures, len(images))


def list_text(name: str) -> str:
    """Return a list of images as it is in a file, or for `-` on standard input; raise InputError."""
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise InputError(f"the list of images {name} cannot be read: {why}") from error


def _listed(name: str) -> list[str]:
    lines = (line.partition("#")[0].strip() for line in list_text(name).splitlines())
    return [line for line in lines if line]
