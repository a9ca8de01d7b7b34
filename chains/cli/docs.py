"""`chains docs`: the references that are written from the program itself."""

from pathlib import Path

import click

from chains.cli.imports import import_quickly
from chains.cli.manual import write_manual
from chains.cli.reference import write_reference
from chains.errors import InputError


@click.command(name="docs", hidden=True)
@click.argument("what", default="commands", type=click.Choice(["commands", "metrics", "causes"]))
@click.option("--man", "folder", type=click.Path(path_type=Path), metavar="DIR", help="Write manual pages there.")
@click.pass_context
def command(ctx: click.Context, what: str, folder: Path | None) -> None:
    """Print the reference of every command, metric or cause as Markdown; or write the manual pages."""
    root = ctx.find_root().command
    if folder is not None:
        _write_pages(folder, write_manual(root))
    elif what == "metrics":
        click.echo(import_quickly("chains.controller.metric_table").write_metrics_reference(), nl=False)
    elif what == "causes":
        click.echo(import_quickly("chains.pipeline.cause_reference").write_causes_reference(), nl=False)
    else:
        click.echo(write_reference(root), nl=False)


def _write_pages(folder: Path, pages: dict[str, str]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("chains*.1"):
            old.unlink()
        for name, page in pages.items():
            (folder / name).write_text(page)
    except OSError as error:
        raise InputError(f"the manual pages cannot be written to {folder}: {error.strerror}") from error
