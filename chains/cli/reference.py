"""The reference of every command, as Markdown, read off the commands themselves."""

from collections.abc import Iterator

import click

_HEAD = """# Commands

<!-- Generated from the commands by `make docs`; edit the command's file in chains/cli instead. -->
"""


def write_reference(root: click.Command) -> str:
    """Return the whole document; hidden commands and flags are left out."""
    with click.Context(root, info_name="chains") as ctx:
        return _HEAD + "".join(_section(command, below) for command, below in documented(root, ctx))


def documented(command: click.Command, ctx: click.Context) -> Iterator[tuple[click.Command, click.Context]]:
    """Yield every command that is not hidden, in the order of their names, each in its context."""
    if not isinstance(command, click.Group):
        yield command, ctx
        return
    for name in command.list_commands(ctx):
        found = command.get_command(ctx, name)
        if found is not None and not found.hidden:
            with click.Context(found, info_name=name, parent=ctx) as below:
                yield from documented(found, below)


def paragraphs(command: click.Command) -> list[str]:
    """Return what a command says of itself, a paragraph a line."""
    return [" ".join(text.split()) for text in (command.help or "").replace("\b", "").strip().split("\n\n")]


def shown_default(found: click.Option) -> str:
    """Return a flag's default in brackets, or nothing."""
    return f" (default `{found.default}`)" if found.show_default and found.default not in (None, "", ()) else ""


def _section(command: click.Command, ctx: click.Context) -> str:
    usage = " ".join(command.collect_usage_pieces(ctx))
    text = "\n\n".join(paragraphs(command))
    rows = "".join(filter(None, map(_row, command.get_params(ctx))))
    table = f"\n| flag | what it does |\n|---|---|\n{rows}" if rows else ""
    return f"\n## {ctx.command_path}\n\n```\n{ctx.command_path} {usage}\n```\n\n{text}\n{table}"


def _row(found: click.Parameter) -> str:
    """Return the row of a flag, nothing for an argument and for what is hidden."""
    if not isinstance(found, click.Option) or found.hidden or "--help" in found.opts:
        return ""
    names = ", ".join(f"`{name}`" for name in (*found.opts, *found.secondary_opts))
    shown = f" `{found.metavar}`" if found.metavar else ""
    text = (found.help or "").replace("|", "\\|")
    return f"| {names}{shown.replace('|', chr(92) + '|')} | {text}{shown_default(found)} |\n"
