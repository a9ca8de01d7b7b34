"""Where the public keys of logs come from: what is named, or Sigstore's own root of trust for its public log."""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from chains.errors import InputError

LOG_KEY_VARIABLE = "SIGSTORE_REKOR_PUBLIC_KEY"
PUBLIC_LOG = "https://rekor.sigstore.dev"
MIRROR = "https://tuf-repo-cdn.sigstore.dev"
TRUSTED_ROOT = "trusted_root.json"
# Stands where a file may be named.
SIGSTORE = "sigstore"


def key_text(given: str, url: str, env: Mapping[str, str]) -> bytes:
    """Return the PEM or trusted root that is given, or in the file that is; empty when none is.

    `given` comes before the file that `env` names. With neither, Sigstore's root is for the public log, or where `url`
    names none. Raise InputError for what is not to be had.
    """
    named = given.strip() or env.get(LOG_KEY_VARIABLE, "")
    if named == SIGSTORE or (not named and url.rstrip("/") in ("", PUBLIC_LOG)):
        return sigstore_root(env)
    if not named or named.startswith(("-----BEGIN", "{")):
        return named.encode()
    try:
        return Path(named).read_bytes()
    except (OSError, ValueError) as error:
        raise InputError(f"the log's public key cannot be read: {error}") from error


def sigstore_root(env: Mapping[str, str]) -> bytes:
    """Return the trusted root that was fetched last, else the one that came with the package; raise InputError."""
    fetched = root_folder(env, MIRROR) / "targets" / TRUSTED_ROOT
    try:
        return fetched.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return embedded(TRUSTED_ROOT)
    except OSError as error:
        raise InputError(f"the trusted root that was fetched cannot be read: {error}") from error


def root_folder(env: Mapping[str, str], mirror: str) -> Path:
    """Return where the metadata and targets of a mirror are kept."""
    place = env.get("TUF_ROOT") or Path(env.get("HOME") or "/", ".sigstore", "root")
    return Path(place, "chains", quote(mirror, safe=""))


def embedded(name: str, package: str = "sigstore") -> bytes:
    """Return a file about the public mirror that the package brings; nothing of the package is imported."""
    spec = find_spec(package)
    folders = spec.submodule_search_locations if spec is not None else None
    try:
        return Path(next(iter(folders or ())), "_store", quote(MIRROR, safe=""), name).read_bytes()
    except (StopIteration, OSError) as error:
        raise InputError(
            f"Sigstore's {name} comes with the Python package sigstore, and is not there: install chains with its "
            f"extra named sigstore, or name the log's key in {LOG_KEY_VARIABLE}"
        ) from error
