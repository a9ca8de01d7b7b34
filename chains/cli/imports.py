"""Importing a command when it is asked for, without the parts of the price that buy nothing."""

import gc
import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

_AUTHORITIES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


def import_quickly(name: str) -> ModuleType:
    """Import a module without looking for garbage meanwhile, as what imports make lives on; nor ever in it later."""
    gc.disable()
    try:
        return importlib.import_module(name)
    finally:
        gc.freeze()
        gc.enable()


def import_over_http(name: str) -> ModuleType:
    """Import a module that imports aiohttp, which reads the system's authorities for contexts that we never use.

    Our own contexts are made when a server is spoken to over TLS, and read them then.
    """
    with _no_authorities():
        return import_quickly(name)


@contextmanager
def _no_authorities() -> Iterator[None]:
    kept = {variable: os.environ.get(variable) for variable in _AUTHORITIES}
    os.environ.update(dict.fromkeys(_AUTHORITIES, os.devnull))
    try:
        yield
    finally:
        for variable, value in kept.items():
            if value is None:
                del os.environ[variable]
            else:
                os.environ[variable] = value
