"""Whom TLS connections trust."""

import os
import ssl
from functools import lru_cache
from pathlib import Path

from chains.errors import InputError


def trusting(ca_file: Path | None) -> ssl.SSLContext:
    """Return a context that trusts the system's authorities and those of a file; raise InputError for an unfit file."""
    if ca_file is None:
        return _system_context(os.environ.get("SSL_CERT_FILE", ""), os.environ.get("SSL_CERT_DIR", ""))
    return _new_context(ca_file)


@lru_cache(maxsize=4)
def _system_context(_file: str, _folder: str) -> ssl.SSLContext:
    """Return the context that trusts the system's authorities, read once (25 ms) for each place they may be at."""
    return _new_context(None)


def _new_context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context()
        if ca_file is not None:
            context.load_verify_locations(ca_file)
    except (OSError, ValueError) as error:
        raise InputError(f"the CA file {ca_file} cannot be used: {error}") from error
    # Private authorities often lack key identifiers, which Go never asks for and Python 3.13 demands.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context
