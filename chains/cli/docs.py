"""`chains docs`: the references that are written from the program itself."""

from pathlib import Path

import click

from chains.cli.manual import write_manual
from chains.cli.reference import write_reference
from chains.errors import InputError


@click.command(name="docs", hidden=True)
@click.option("--man", "folder", type=click.Path(path_type=Path), metavar="DIR", help="Write manual pages there.")
@click.pass_context
def command(ctx: click.Context, folder: Path | None) -> None:
    """Print the reference of every command as Markdown, or write the manual pages."""
    root = ctx.find_root().command
    if folder is None:
        click.echo(write_reference(root), nl=False)
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("chains*.1"):
            old.unlink()
        for name, page in write_manual(root).items():
            (folder / name).write_text(page)
    except OSError as error:
        raise InputError(f"the manual pages cannot be written to {folder}: {error.strerror}") from error
