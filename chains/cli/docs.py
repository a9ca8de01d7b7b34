"""`chains docs`: the references that are written from the program itself."""

import click

from chains.cli.reference import write_reference


@click.command(name="docs", hidden=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """Print the reference of every command as Markdown."""
    click.echo(write_reference(ctx.find_root().command), nl=False)
