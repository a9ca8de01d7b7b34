"""Key references on the command line: a file, `env://VARIABLE`, or `k8s://NAMESPACE/SECRET`."""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from chains.cli.imports import import_over_http
from chains.cli.key_schemes import unusable
from chains.errors import InputError
from chains.keys.secret import ENCRYPTED_KEY, PASSWORD, PLAIN_KEY, signer_from_secret
from chains.keys.signer import KeySigner

_PLACES = "the private key in a file, env://VARIABLE or k8s://NAMESPACE/SECRET"
PASSWORD_VARIABLE = "COSIGN_PASSWORD"  # noqa: S105 - a variable's name


async def signer_for(reference: str) -> KeySigner:
    """Return the signer of a key reference; the password of an encrypted one is `password_for` it."""
    scheme, separator, _ = reference.partition("://")
    if not separator:
        files = _key_files(_content(Path(reference)))
    elif scheme == "k8s":
        files = await import_over_http("chains.cli.cluster_key").read_secret_files(reference)
    elif scheme == "env":
        files = _key_files(_variable(reference.removeprefix("env://")))
    else:
        raise unusable(scheme, _PLACES)
    try:
        return await asyncio.to_thread(signer_from_secret, files)
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


def password_for(prompt: str, *, confirm: bool = False) -> bytes:
    """Return $COSIGN_PASSWORD (even when empty), else ask on the terminal, else read one line of standard input."""
    given = os.environ.get(PASSWORD_VARIABLE)
    if given is not None:
        return given.encode()
    if sys.stdin.isatty():
        text: str = click.prompt(
            prompt, hide_input=True, confirmation_prompt=confirm, default="", show_default=False, err=True
        )
        return text.encode()
    return sys.stdin.buffer.readline().rstrip(b"\r\n")


def _key_files(pem: bytes) -> Mapping[str, bytes]:
    """Lay the key out as a signing secret would hold it."""
    if b"ENCRYPTED COSIGN PRIVATE KEY" in pem or b"ENCRYPTED SIGSTORE PRIVATE KEY" in pem:
        return {ENCRYPTED_KEY: pem, PASSWORD: password_for("Enter password for private key")}
    return {PLAIN_KEY: pem}


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
