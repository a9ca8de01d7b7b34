"""Public keys by reference: a file, `env://`, `https://`, `k8s://NAMESPACE/SECRET` or `k8s-cm://NAMESPACE/CONFIGMAP`."""

import os
from pathlib import Path

from chains.cli.imports import import_over_http
from chains.cli.key_schemes import CLUSTER, WEB, check_no_user, unusable
from chains.errors import ChainsError, EdgeError, InputError
from chains.keys.verifier import KeyVerifier

PUBLIC_KEY = "cosign.pub"
_PLACES = "the public key in a file, env://, https://, k8s://NAMESPACE/SECRET or k8s-cm://NAMESPACE/CONFIGMAP"


async def verifier_for(reference: str, digest: str, *, offline: bool) -> KeyVerifier:
    """Return the verifier of a public key; `digest` is the one of its signatures. Raises InputError or EdgeError."""
    if "://" in reference:
        check_no_user(reference, "--key")
    try:
        return KeyVerifier.from_pem(await public_key_pem(reference, offline=offline), digest)
    except ChainsError as error:
        sentence = f"loading public key: {reference}: {error}"
        if isinstance(error, EdgeError):
            raise EdgeError(sentence, transient=error.transient) from error
        raise InputError(sentence) from error


async def public_key_pem(reference: str, *, offline: bool) -> bytes:
    """Return the text of a public key."""
    scheme, separator, rest = reference.partition("://")
    if not separator:
        return _file(Path(reference))
    if offline and scheme in (*CLUSTER, *WEB):
        raise InputError(f"{scheme}:// needs the network, and --offline is set: give the key as a file or env://")
    if scheme == "env":
        return _variable(rest)
    if scheme in WEB:
        text: bytes = await import_over_http("chains.registry.fetch").fetch_text(reference, os.environ)
        return text
    if scheme in CLUSTER:
        pem: bytes = await import_over_http("chains.cli.cluster_key").read_public_key(reference)
        return pem
    raise unusable(scheme, _PLACES)


def _file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"open {path}: {(error.strerror or str(error)).lower()}") from error


def _variable(name: str) -> bytes:
    if name not in os.environ:
        raise InputError(f"loading URL: env var ${name} not found")
    return os.environ[name].encode()
