"""The flags of `verify` and `verify-attestation`, and what they demand."""

import os
from dataclasses import dataclass
from pathlib import Path

import click

from chains.cli.cosign_command import switch, together
from chains.cli.image_flags import Flags, layout_flags, registry_flags
from chains.errors import InputError
from chains.payloads.candidate import Candidate
from chains.payloads.payload import SignedPayload
from chains.pipeline.ports import LogVerifier, Verifier
from chains.pipeline.verify import Demands
from chains.rekor.log_key import LogKey, read_log_keys
from chains.rekor.verify import verify_logged

LOG_KEY_VARIABLE = "SIGSTORE_REKOR_PUBLIC_KEY"

NOT_CHECKED = {
    "signature": "WARNING: Skipping tlog verification is an insecure practice that lacks transparency and auditability "
    "verification for the signature.",
    "attestation": "WARNING: Skipping tlog verification is an insecure practice that lacks transparency and "
    "auditability verification for the attestation.",
}

key_flags = together(
    click.option(
        "--key",
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
    click.option("--rekor-url", default="https://rekor.sigstore.dev", hidden=True, metavar="URL"),
    click.option("--trusted-root", default="", hidden=True, metavar="FILE"),
    click.option("--max-workers", default=10, hidden=True, metavar="N"),
    click.option("--output", "-o", default="", metavar="json|text", help="How the result is printed."),
    click.option("--output-file", default="", metavar="FILE", help="Print the result there instead."),
)


class VerifyFlags(Flags, frozen=True):
    """What a signature must be by, and what else must hold."""

    key: str = ""
    signature_digest_algorithm: str = "sha256"
    check_claims: bool = True
    insecure_ignore_tlog: bool = False
    private_infrastructure: bool = False
    offline: bool = False
    output: str = ""
    output_file: str = ""
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


def log_verifier(flags: VerifyFlags) -> LogVerifier | None:
    """Return what checks log entries, None when they are left out; raise InputError where the log's key is unknown."""
    if flags.log_ignored:
        return None
    given = os.environ.get(LOG_KEY_VARIABLE, "")
    if not given:
        raise InputError(
            f"getting rekor public keys: the transparency log's key is not known: set {LOG_KEY_VARIABLE} to its "
            "file, or give --insecure-ignore-tlog when the signer uses no log"
        )
    try:
        return KnownLogs(read_log_keys(Path(given).read_bytes()))
    except OSError as error:
        raise InputError(f"getting rekor public keys: {error}") from error


@dataclass(frozen=True, slots=True)
class KnownLogs:
    """The logs whose keys are known: an entry must be in one of them."""

    keys: tuple[LogKey, ...]

    def check(self, candidate: Candidate, signed: SignedPayload, verifier: Verifier) -> None:
        """Return when the entry beside it holds and is about this signature, else raise VerificationError."""
        verify_logged(signed, self.keys, verifier.public_pem)


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
