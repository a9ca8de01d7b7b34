"""`chains docs`: the references that are written from the program itself."""

import click

from chains.cli.reference import write_reference


@click.command(name="docs", hidden=True)
@click.argument("what", default="commands", type=click.Choice(["commands", "metrics"]))
@click.pass_context
def command(ctx: click.Context, what: str) -> None:
    """Print the reference of every command, or of every metric, as Markdown."""
    if what == "metrics":
        from chains.controller.metric_table import write_metrics_reference  # noqa: PLC0415

        click.echo(write_metrics_reference(), nl=False)
        return
    click.echo(write_reference(ctx.find_root().command), nl=False)
