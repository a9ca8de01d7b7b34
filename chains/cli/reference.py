"""The reference of every command, as Markdown, read off the commands themselves."""

from collections.abc import Iterator

import click

_HEAD = """# Commands

<!-- Generated from the commands by `make docs`; edit the command's file in chains/cli instead. -->
"""


def write_reference(root: click.Command) -> str:
    """Return the whole document; hidden commands and flags are left out."""
    with click.Context(root, info_name="chains") as ctx:
        return _HEAD + "".join(_sections(root, ctx))


def _sections(command: click.Command, ctx: click.Context) -> Iterator[str]:
    if isinstance(command, click.Group):
        for name in command.list_commands(ctx):
            found = command.get_command(ctx, name)
            if found is not None and not found.hidden:
                with click.Context(found, info_name=name, parent=ctx) as below:
                    yield from _sections(found, below)
        return
    usage = " ".join(command.collect_usage_pieces(ctx))
    yield f"\n## {ctx.command_path}\n\n```\n{ctx.command_path} {usage}\n```\n\n{_text(command)}\n"
    rows = [row for row in map(_row, command.get_params(ctx)) if row]
    if rows:
        yield "\n| flag | what it does |\n|---|---|\n" + "".join(rows)


def _text(command: click.Command) -> str:
    paragraphs = (command.help or "").replace("\b", "").strip().split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _row(found: click.Parameter) -> str:
    """Return the row of a flag, nothing for an argument and for what is hidden."""
    if not isinstance(found, click.Option) or found.hidden or "--help" in found.opts:
        return ""
    names = ", ".join(f"`{name}`" for name in (*found.opts, *found.secondary_opts))
    shown = f" `{found.metavar}`" if found.metavar else ""
    default = f" (default `{found.default}`)" if found.show_default and found.default not in (None, "", ()) else ""
    text = (found.help or "").replace("|", "\\|")
    return f"| {names}{shown.replace('|', chr(92) + '|')} | {text}{default} |\n"
