"""The flags of `verify` and `verify-attestation`, and what they demand."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

import click

from chains.cli.cosign_command import switch, together
from chains.cli.image_flags import Flags, ImageFlags, layout_flags, registry_flags
from chains.cli.image_source import ImageSource, image_source
from chains.cli.imports import import_over_http
from chains.errors import InputError
from chains.pipeline.ports import LogLookup, LogVerifier, Verifier
from chains.pipeline.verify import Demands

NOT_CHECKED = {
    "signature": "WARNING: Skipping tlog verification is an insecure practice that lacks transparency and auditability "
    "verification for the signature.",
    "attestation": "WARNING: Skipping tlog verification is an insecure practice that lacks transparency and "
    "auditability verification for the attestation.",
}

log_flags = together(
    click.option(
        "--rekor-url",
        default="https://rekor.sigstore.dev",
        show_default=True,
        metavar="URL",
        help="The log that is asked for an entry where none stands beside a signature.",
    ),
    click.option(
        "--trusted-root",
        type=click.Path(),
        default="",
        metavar="FILE|sigstore",
        help="A Sigstore trusted root with the keys of transparency logs, or the word sigstore for Sigstore's own; "
        "default: $SIGSTORE_REKOR_PUBLIC_KEY, else Sigstore's own for the public log.",
    ),
)

key_flags = together(
    click.option(
        "--key",
        type=click.Path(),
        default="",
        metavar="REF",
        help="The public key: a file, env://, https://, k8s://NS/SECRET or k8s-cm://NS/CONFIGMAP.",
    ),
    click.option(
        "--signature-digest-algorithm",
        type=click.Choice(["sha224", "sha256", "sha384", "sha512"]),
        default="sha256",
        show_default=True,
        help="What ECDSA and RSA signatures were made over.",
    ),
    switch("--check-claims", default=True, text="Hold what is signed against the image."),
    switch("--insecure-ignore-tlog", text="Do not look for a transparency log's entry."),
    switch("--private-infrastructure", text="The same: the signer has no public transparency log."),
    switch("--insecure-ignore-sct", hidden=True),
    switch("--offline", text="Open no connection but to the image's registry."),
    log_flags,
    click.option("--max-workers", default=10, hidden=True, metavar="N"),
    click.option("--output", "-o", default="", metavar="json|text", help="How the result is printed."),
    click.option(
        "--output-file", type=click.Path(), default="", metavar="FILE", help="Print the result there instead."
    ),
)


class VerifyFlags(Flags, frozen=True):
    """What a signature must be by, and what else must hold."""

    key: str = ""
    signature_digest_algorithm: str = "sha256"
    check_claims: bool = True
    insecure_ignore_tlog: bool = False
    private_infrastructure: bool = False
    offline: bool = False
    rekor_url: str = ""
    trusted_root: str = ""
    output: str = ""
    output_file: str = ""
    keep_going: bool = False
    timeout: str = "3m0s"
    accept_attestation_as_signature: bool = False
    check_identity: bool = False
    strict_json: bool = False

    @property
    def log_ignored(self) -> bool:
        """Whether the transparency log is left out."""
        return self.insecure_ignore_tlog or self.private_infrastructure

    def check(self) -> None:
        """Raise InputError for flags that cannot be obeyed."""
        if not self.key:
            raise InputError(
                "a public key is needed: give --key (keyless verification, with --certificate-identity, "
                "is not built yet)"
            )

    def demands(self, annotations: dict[str, str], log: LogVerifier | None) -> Demands:
        """Return what must hold besides the signature."""
        return Demands(
            claims=self.check_claims,
            annotations=annotations,
            identity=self.check_identity,
            strict=self.strict_json,
            log=log,
            attestation_as_signature=self.accept_attestation_as_signature,
        )


class Logs(LogVerifier, Protocol):
    """Checks log entries, and finds those that are not beside what is stored."""

    @property
    def content(self) -> bytes:
        """The file that names the logs' keys."""

    def lookup(self) -> AbstractAsyncContextManager[LogLookup | None]:
        """Return what asks a log for entries, None where nobody is asked."""

    def searched(self, source: ImageSource, verifier: Verifier) -> AbstractAsyncContextManager[ImageSource]:
        """Return the source of images with those entries added that a log was asked for."""


def log_verifier(flags: VerifyFlags) -> Logs | None:
    """Return what checks log entries, None when they are left out; raise InputError where the log's key is unknown."""
    if flags.log_ignored:
        return None
    found: Logs = import_over_http("chains.cli.known_logs").log_verifier(flags)
    return found


@asynccontextmanager
async def images_beside_logs(
    where: ImageFlags, names: tuple[str, ...], verifier: Verifier, logs: Logs | None
) -> AsyncGenerator[ImageSource, None]:
    """Open the source of images, with what the logs are asked for."""
    async with image_source(where, names) as source:
        if logs is None:
            yield source
            return
        async with logs.searched(source, verifier) as searched:
            yield searched


def annotations_from(pairs: tuple[str, ...]) -> dict[str, str]:
    """Read `key=value` pairs; raise InputError for one that is none."""
    found = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise InputError(f"unable to parse annotation: {pair}: write key=value")
        found[key] = value
    return found


all_flags = together(key_flags, layout_flags, registry_flags)
