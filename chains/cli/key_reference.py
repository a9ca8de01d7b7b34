"""Key references on the command line: a file, `env://VARIABLE`, or `k8s://NAMESPACE/SECRET`."""

import asyncio
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click

from chains.cli.imports import import_over_http
from chains.cli.key_schemes import unusable
from chains.cli.terminal import say
from chains.errors import InputError
from chains.keys.secret import is_encrypted, signer_from_pem, signer_from_secret
from chains.keys.signer import KeySigner

_PLACES = "the private key in a file, env://VARIABLE or k8s://NAMESPACE/SECRET"
PASSWORD_VARIABLE = "COSIGN_PASSWORD"  # noqa: S105 - a variable's name


async def signer_for(reference: str) -> KeySigner:
    """Return the signer of a key reference; the password of an encrypted one in a file or variable is asked for."""
    scheme, separator, _ = reference.partition("://")
    if not separator:
        open_key = _opening(_content(Path(reference)))
    elif scheme == "env":
        open_key = _opening(_variable(reference.removeprefix("env://")))
    elif scheme == "k8s":
        files = await import_over_http("chains.cli.cluster_key").read_secret_files(reference)
        open_key = partial(signer_from_secret, files)
    else:
        raise unusable(scheme, _PLACES)
    try:
        return await asyncio.to_thread(open_key)
    except InputError as error:
        raise InputError(f"the key {reference} cannot be used: {error}") from error


def private_key_pem(reference: str) -> bytes:
    """Return the text of a key in a file or a variable; raise InputError."""
    scheme, separator, rest = reference.partition("://")
    if not separator:
        return _content(Path(reference))
    if scheme == "env":
        return _variable(rest)
    raise unusable(scheme, "the private key in a file or env://VARIABLE")


def new_password() -> bytes:
    """Return the password for a key that is being made; an empty one is taken, with a warning."""
    password, source = _password(confirm=True)
    if not password:
        say(f"WARNING: the password from {source} is empty: whoever gets hold of the key can sign with it", err=True)
    return password


def _password(*, confirm: bool = False) -> tuple[bytes, str]:
    """Return $COSIGN_PASSWORD (even when empty), else what the terminal or standard input says, and which it was."""
    given = os.environ.get(PASSWORD_VARIABLE)
    if given is not None:
        return given.encode(), f"${PASSWORD_VARIABLE}"
    if not sys.stdin.isatty():
        return sys.stdin.buffer.readline().rstrip(b"\r\n"), f"standard input, as ${PASSWORD_VARIABLE} is not set,"
    prompt = "Enter password for private key"
    text: str = click.prompt(
        prompt, hide_input=True, confirmation_prompt=confirm, default="", show_default=False, err=True
    )
    return text.encode(), "the terminal"


def _opening(pem: bytes) -> Callable[[], KeySigner]:
    """Return what opens a key, the password of an encrypted one asked for."""
    return partial(signer_from_pem, pem, *_password()) if is_encrypted(pem) else partial(signer_from_pem, pem)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            f"the key {path} cannot be read: {error.strerror}; chains generate-key-pair makes one"
        ) from error


def _variable(name: str) -> bytes:
    if name not in os.environ:
        raise InputError(f"the key env://{name} cannot be read: ${name} is not set")
    return os.environ[name].encode()
