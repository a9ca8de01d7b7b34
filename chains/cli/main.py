"""The command `chains`: one verb each, imported only when it is called."""

import signal
import sys

import click
from click.shell_completion import CompletionItem

from chains.cli.captions import CAPTIONS
from chains.cli.imports import import_quickly
from chains.cli.terminal import printable
from chains.cli.verbs import VerbGroup
from chains.errors import ChainsError

COMMANDS = {
    "audit": "chains.cli.audit.command",
    "completion": "chains.cli.completion",
    "config": "chains.cli.config",
    "controller": "chains.cli.controller",
    "demo": "chains.cli.demo",
    "docs": "chains.cli.docs",
    "doctor": "chains.cli.doctor.command",
    "download": "chains.cli.download",
    "explain": "chains.cli.explain.command",
    "generate-key-pair": "chains.cli.generate_key_pair",
    "import-key-pair": "chains.cli.import_key_pair",
    "initialize": "chains.cli.initialize",
    "public-key": "chains.cli.public_key",
    "resign": "chains.cli.resign",
    "save": "chains.cli.save",
    "sign": "chains.cli.sign",
    "simulate": "chains.cli.simulate",
    "tree": "chains.cli.tree",
    "triangulate": "chains.cli.triangulate",
    "verify": "chains.cli.verify",
    "verify-attestation": "chains.cli.verify_attestation",
    "wait": "chains.cli.wait",
}


TERMINATED = 128 + signal.SIGTERM


class _Verbs(VerbGroup):
    """A group whose commands are modules, each with a click command named `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_quickly(COMMANDS[cmd_name]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands that have a caption, none of them imported."""
        with formatter.section("Commands"):
            formatter.write_dl(list(CAPTIONS.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the names of commands, none of them imported."""
        verbs = [CompletionItem(name, help=text) for name, text in CAPTIONS.items() if name.startswith(incomplete)]
        return verbs + click.Command.shell_complete(self, ctx, incomplete)


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="chains", prog_name="chains")
def _chains() -> None:
    """Sign what Tekton built: SLSA provenance and image signatures, a drop-in for Tekton Chains."""


def main() -> None:
    """Run the command line; an error of ours is one sentence on stderr and exit code 1."""
    # The first process of a container, which has no handler of its own, would not hear SIGTERM at all.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    try:
        _chains(prog_name="chains")
    except ChainsError as error:
        click.echo(printable(f"chains: {' '.join(str(error).split())}"), err=True)
        sys.exit(1)
