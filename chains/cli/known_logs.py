"""The transparency logs whose keys the auditor named, and whether an entry is in one of them."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import click

from chains.cli.image_source import ImageSource
from chains.cli.logged_images import LoggedSource
from chains.cli.verify_flags import VerifyFlags
from chains.errors import InputError
from chains.hosts.reach import Reach
from chains.payloads.candidate import Candidate
from chains.payloads.payload import SignedPayload
from chains.pipeline.ports import LogLookup, Verifier
from chains.rekor.key_source import LOG_KEY_VARIABLE, SIGSTORE, key_text
from chains.rekor.log_key import LogKey, read_log_keys, unused_in
from chains.rekor.search import LogSearch
from chains.rekor.verify import verify_logged


@dataclass(frozen=True, slots=True)
class KnownLogs:
    """The logs whose keys are known: an entry must be in one of them.

    `url` is the log that is asked for an entry where none stands beside a signature; empty to ask nobody. `content` is
    the file that names the keys.
    """

    keys: tuple[LogKey, ...]
    url: str = ""
    content: bytes = field(default=b"", repr=False)

    def check(self, candidate: Candidate, signed: SignedPayload, verifier: Verifier) -> None:
        """Return when its entry holds and is about this signature, else raise VerificationError."""
        verify_logged(signed, self.keys, verifier.public_pem)

    @asynccontextmanager
    async def lookup(self) -> AsyncGenerator[LogLookup | None, None]:
        """Open what asks the log for entries; None where nobody is asked."""
        if not self.url:
            yield None
            return
        async with LogSearch(self.url, self.keys, reach=Reach.from_environment(os.environ)) as search:
            yield search

    @asynccontextmanager
    async def searched(self, source: ImageSource, verifier: Verifier) -> AsyncGenerator[ImageSource, None]:
        """Open what also asks the log for the entries that are not beside what is stored."""
        async with self.lookup() as lookup:
            yield source if lookup is None else LoggedSource(source, verifier, lookup)


def log_verifier(flags: VerifyFlags) -> KnownLogs:
    """Return what checks log entries; raise InputError where the log's key is unknown.

    `--trusted-root` comes before the variable, as in cosign; without either the public log is known by Sigstore's root.
    """
    try:
        content = key_text(flags.trusted_root, flags.rekor_url, os.environ)
    except InputError as error:
        raise InputError(f"getting rekor public keys: {error}") from error
    if not content:
        raise InputError(
            "getting rekor public keys: the transparency log's key is not known: give --trusted-root, or set "
            f"{LOG_KEY_VARIABLE} to its file, or give --insecure-ignore-tlog when the signer uses no log"
        )
    given = flags.trusted_root or os.environ.get(LOG_KEY_VARIABLE, "")
    try:
        keys, unused = read_log_keys(content), unused_in(content)
    except InputError as error:
        raise InputError(f"getting rekor public keys: {given}: {error}") from error
    if unused and flags.trusted_root not in ("", SIGSTORE):
        click.echo(
            f"Of {given} the transparency logs' keys are used. Its {', '.join(unused)} are not: they are for keyless "
            "verification, which is not built yet.",
            err=True,
        )
    return KnownLogs(keys, "" if flags.offline else flags.rekor_url, content)
