"""Text from outside on its way to a terminal."""

import click

from chains.audit.text import printable

__all__ = ["printable", "say"]


def say(line: str, *, err: bool = False) -> None:
    """Print one line; nothing in it is obeyed by the terminal, and nothing in it begins another."""
    click.echo(printable(line).replace("\n", "\\n"), err=err)
