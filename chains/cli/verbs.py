"""Commands that hold commands: a verb that is not there is answered with the one that was meant."""

import click

from chains.cli.terminal import printable


class VerbGroup(click.Group):
    """A group that knows what a mistyped verb was to be."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb, or say which was meant; raise click.UsageError."""
        verbs = self.list_commands(ctx)
        if args[0] not in verbs and not args[0].startswith("-"):
            from chains.config.nearest import nearest  # noqa: PLC0415 - only a mistyped verb needs it

            said = printable(f"there is no command {args[0]!r}{nearest(args[0].lower(), verbs)}")
            raise click.UsageError(said, ctx)
        return super().resolve_command(ctx, args)
