"""`chains completion`: what a shell needs to complete the command line."""

import click
from click.shell_completion import BashComplete, FishComplete, ZshComplete


class _Fish(FishComplete):
    """click's script for fish, which drops what stands behind a comma in a description."""

    source_template = FishComplete.source_template.replace('string split ","', 'string split --max 1 ","')


@click.command(name="completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print what makes a shell complete verbs and flags; put it where the shell reads it.

    bash: chains completion bash > ~/.local/share/bash-completion/completions/chains

    zsh: chains completion zsh > a file named _chains in a folder of $fpath

    fish: chains completion fish > ~/.config/fish/completions/chains.fish
    """
    classes = {"bash": BashComplete, "fish": _Fish, "zsh": ZshComplete}
    click.echo(classes[shell](ctx.find_root().command, {}, "chains", "_CHAINS_COMPLETE").source())
