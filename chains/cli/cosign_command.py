"""Commands that take cosign's flags as cosign does, and refuse with its sentences and exit codes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn

import click

from chains.cli.terminal import printable
from chains.errors import ChainsError, InputError

_KEYLESS = "keyless verification is not built yet: give the signer's public key with --key"
_LATER = {
    **dict.fromkeys(
        (
            "--certificate",
            "--certificate-chain",
            "--certificate-github-workflow-name",
            "--certificate-github-workflow-ref",
            "--certificate-github-workflow-repository",
            "--certificate-github-workflow-sha",
            "--certificate-github-workflow-trigger",
            "--certificate-identity",
            "--certificate-identity-regexp",
            "--certificate-oidc-issuer",
            "--certificate-oidc-issuer-regexp",
            "--ca-intermediates",
            "--ca-roots",
            "--sct",
        ),
        _KEYLESS,
    ),
    "--sk": "hardware tokens are not supported: give their public key with --key",
    "--slot": "hardware tokens are not supported: give their public key with --key",
    "--timestamp-certificate-chain": "signed timestamps are for keyless verification, which is not built yet",
    "--use-signed-timestamps": "signed timestamps are for keyless verification, which is not built yet",
    **dict.fromkeys(
        ("--payload", "--signature", "--bundle"),
        "signatures in files are not read: verify from a registry, or a folder that `save` wrote with --local-image",
    ),
    "--attachment": "attached SBOMs carry no signature: verify an SBOM's attestation with verify-attestation",
    "--registry-client-cert": "registries are not shown client certificates: give --registry-token, or docker login",
    "--registry-client-key": "registries are not shown client certificates: give --registry-token, or docker login",
    "--registry-server-name": "a registry is checked under the name it is reached by: give --registry-cacert",
    "--kms": "keys of a key management service are not built yet: a key pair is made in files or in a Secret, k8s://",
    "--registry-referrers-mode": "the referrers API and its fallback tag are both read without being asked to",
}


def refuse(message: str, code: int = 1) -> NoReturn:
    """End the command with cosign's two lines on stderr."""
    message = printable(message)
    click.echo(f"Error: {message}\nerror during command execution: {message}", err=True)
    raise SystemExit(code)


class Switch(click.Option):
    """A flag of Go's: `--name`, `--name=true` or `--name=false`."""


Decorator = Callable[[Callable[..., None]], Callable[..., None]]


def switch(*names: str, text: str = "", default: bool = False, hidden: bool = False) -> Decorator:
    """Add a flag of Go's to a command."""
    return click.option(
        *names, cls=Switch, type=bool, default=default, help=text, metavar="", hidden=hidden, show_default=default
    )


def together(*decorators: Decorator) -> Decorator:
    """Return one decorator that adds all of these, in their order."""

    def add(command: Callable[..., None]) -> Callable[..., None]:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return add


PRINTED_TO = "printed_to"
output_file_flag = click.option(
    "--output-file", PRINTED_TO, type=click.Path(), default="", metavar="FILE", help="Print there instead."
)
timeout_flag = click.option(
    "--timeout", "-t", default="3m0s", show_default=True, metavar="TIME", help="For the whole command."
)
verbose_flag = switch("--verbose", "-d", hidden=True)


class CosignCommand(click.Command):
    """A command with Go's flag syntax, whose every refusal is a sentence and, unless it has its own, exit code 1."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Rewrite Go's spellings into click's, then parse; a flag that is not there says what is instead."""
        try:
            return super().parse_args(ctx, list(self._respelt(args)))
        except click.NoSuchOption as error:
            refuse(_unknown(error, self.name or ""))
        except click.UsageError as error:
            refuse(error.format_message())

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error of ours ends it."""
        try:
            with _printing_to(ctx.params.pop(PRINTED_TO, "")):
                return super().invoke(ctx)
        except ChainsError as error:
            refuse(str(error))

    def _respelt(self, args: list[str]) -> Iterator[str]:
        switches = {name for option in self.params if isinstance(option, Switch) for name in option.opts}
        known = {name for option in self.params for name in option.opts}
        rest = iter(args)
        for argument in rest:
            name, equals, value = argument.partition("=")
            if argument == "--":
                yield argument
                yield from rest
            elif name in _LATER and name not in known:
                refuse(f"{name}: {_LATER[name]}")
            elif not equals and name in switches:
                yield from (name, "true")
            elif equals and len(name) == 2 and name.startswith("-"):
                yield name
                yield value
            elif not equals and name in known:
                yield argument
                yield from islice(rest, 1)
            else:
                yield argument


@contextmanager
def _printing_to(path: str) -> Iterator[None]:
    """Let standard output be a file, if one is named."""
    if not path:
        yield
        return
    try:
        with Path(path).open("w") as file, redirect_stdout(file):
            yield
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error


def _unknown(error: click.NoSuchOption, command: str) -> str:
    near = f": did you mean {' or '.join(error.possibilities[:3])}?" if error.possibilities else ";"
    return f"unknown flag: {error.option_name}{near} `chains {command} --help` lists those there are"
