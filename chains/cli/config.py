"""`chains config`: about the settings of chains-config."""

import click

from chains.cli.config_check import command as check
from chains.cli.verbs import VerbGroup
from chains.config.policy import write_policy
from chains.config.reference import write_reference
from chains.config.schema import write_schema


@click.group(name="config", cls=VerbGroup)
def command() -> None:
    """Check and list the settings of the ConfigMap chains-config."""


@command.command(name="docs")
def _docs() -> None:
    """Print the reference of every setting as Markdown."""
    click.echo(write_reference(), nl=False)


@command.command(name="policy")
def _policy() -> None:
    """Print the admission policies that keep mistakes out of the ConfigMap, as YAML."""
    click.echo(write_policy(), nl=False)


@command.command(name="schema")
def _schema() -> None:
    """Print a JSON Schema of the ConfigMap, for editors and admission."""
    click.echo(write_schema(), nl=False)


command.add_command(check)
