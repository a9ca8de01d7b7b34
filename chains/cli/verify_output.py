"""What `verify` and `verify-attestation` print: cosign's lines on stdout, what was checked on stderr."""

import base64
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
import msgspec

from chains.cli.terminal import printable
from chains.errors import InputError
from chains.payloads.candidate import Layout
from chains.payloads.log_annotation import write_annotation
from chains.payloads.payload import IN_TOTO
from chains.pipeline.verify import Accepted, Verified

_LOGGED = {
    False: "Existence of the claims in the transparency log was verified offline",
    True: "The claims were found in the transparency log, which was asked for them",
}
_NAMES = {Layout.TAG: "in cosign's tag", Layout.BUNDLE: "in bundles"}


class Printed:
    """Where results go: stdout, or a file that is emptied first."""

    def __init__(self, path: str) -> None:
        self._path = Path(path) if path else None
        if self._path is not None:
            self._write(b"", "wb")

    def line(self, text: bytes) -> None:
        """Print one line."""
        self._write(text + b"\n", "ab")

    def _write(self, text: bytes, mode: str) -> None:
        if self._path is None:
            sys.stdout.flush()
            sys.stdout.buffer.write(text)
            sys.stdout.buffer.flush()
            return
        try:
            with self._path.open(mode) as file:
                file.write(text)
        except OSError as error:
            raise InputError(f"{self._path} cannot be written: {error.strerror}") from error


def print_signatures(printed: Printed, name: str, verified: Verified, output: str) -> None:
    """Print the claims that hold: a JSON array, or with `text` one payload a line."""
    shown = said_once(verified.accepted)
    if output == "text":
        for one in shown:
            printed.line(_payload(one, name))
        return
    printed.line(b"")
    printed.line(msgspec.json.encode([_claim(one, name) for one in shown]))


def print_attestations(printed: Printed, verified: Verified) -> None:
    """Print the envelopes that hold, one a line: as stored in a tag, as cosign writes them out of a bundle.

    What stands in both is printed once, out of the bundle as cosign 3 does.
    """
    bundled = {one.signed.payload.body for one in verified.accepted if one.candidate.layout is Layout.BUNDLE}
    for one in verified.accepted:
        if one.candidate.layout is Layout.BUNDLE or one.signed.payload.body not in bundled:
            printed.line(_envelope(one))


def said_once(accepted: Iterable[Accepted]) -> tuple[Accepted, ...]:
    """Return what holds, less the bundles that say no more than a layer of the tag does."""
    accepted = tuple(accepted)
    said = [one.claim.optional or {} for one in accepted if one.candidate.layout is Layout.TAG]
    return tuple(
        one for one in accepted if one.candidate.layout is Layout.TAG or (one.claim.optional or {}) not in said
    )


def print_banner(name: str, verified: Verified, what: str) -> None:
    """Say on stderr what was checked, and only that."""
    demands = verified.demands
    checks = [
        "The specified annotations were verified." if demands.annotations else "",
        "The cosign claims were validated" if demands.claims else "",
        *(_LOGGED[asked] for asked in sorted(set(map(_asked_for, verified.accepted))) if demands.log is not None),
        "The signatures were verified against the specified public key",
    ]
    click.echo(f"\nVerification for {name} --", err=True)
    click.echo("The following checks were performed on each of these signatures:", err=True)
    for check in filter(None, checks):
        click.echo(f"  - {check}", err=True)
    click.echo(_count(verified, what), err=True)
    for refusal in verified.refusals:
        passed = f"{refusal.candidate.layout} {refusal.candidate.digest}: {refusal.why}"
        click.echo(printable(f"  passed over: {passed}"), err=True)


def _asked_for(one: Accepted) -> bool:
    """Whether its log entry came from the log, not from beside it."""
    return one.signed.log_entry is not None and bool(one.signed.log_entry.url)


def _count(verified: Verified, what: str) -> str:
    layouts = [one.candidate.layout for one in verified.accepted]
    where = " and ".join(f"{layouts.count(one)} {_NAMES[one]}" for one in Layout if one in layouts)
    unchecked = [
        "transparency log" if verified.demands.log is None else "",
        "claims" if not verified.demands.claims else "",
    ]
    left = ", ".join(filter(None, unchecked))
    plural = what if len(layouts) == 1 else f"{what}s"
    return f"{len(layouts)} {plural} hold{'s' if len(layouts) == 1 else ''}: {where}." + (
        f" Not checked: {left}." if left else ""
    )


def _payload(one: Accepted, name: str) -> bytes:
    return one.signed.payload.body if one.signed.envelope is None else msgspec.json.encode(_claim(one, name))


def _claim(one: Accepted, name: str) -> dict[str, Any]:
    statement = one.signed.envelope is not None
    optional = None if one.claim.optional is None else dict(sorted(one.claim.optional.items()))
    if one.candidate.layout is Layout.TAG:
        optional = _with_receipts(one, optional)
    return {
        "critical": {
            "identity": {"docker-reference": name if statement else one.claim.reference},
            "image": {"docker-manifest-digest": one.claim.digest},
            "type": one.claim.kind,
        },
        "optional": optional,
    }


def _with_receipts(one: Accepted, optional: dict[str, Any] | None) -> dict[str, Any] | None:
    """Add what cosign shows of a log entry and a timestamp, whether or not they were checked."""
    entry = one.signed.log_entry
    texts = {
        "Bundle": write_annotation(entry).encode() if entry and not entry.url else b"",
        "RFC3161Timestamp": one.signed.signature.timestamp.encode(),
    }
    for member, text in texts.items():
        try:
            shown = msgspec.json.decode(text, type=dict[str, Any]) if text else None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        if shown is not None:
            optional = {**(optional or {}), member: shown}
    return None if optional is None else dict(sorted(optional.items()))


def _envelope(one: Accepted) -> bytes:
    if one.candidate.layout is Layout.TAG and one.signed.envelope is not None:
        return one.signed.envelope
    return msgspec.json.encode(
        {
            "payload": base64.b64encode(one.signed.payload.body).decode(),
            "payloadType": IN_TOTO,
            "signatures": [{"sig": base64.b64encode(one.signed.signature.raw).decode()}],
        }
    )
