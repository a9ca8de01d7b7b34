"""PEM blocks and the bytes inside them, for whoever names a key or certificate without using it."""

import base64
import binascii
import re

from chains.errors import InputError

_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\s]*)-----END \1-----")


def der_of(pem: bytes) -> bytes:
    """Return the first block's bytes; raise InputError when there is none."""
    found = _BLOCK.search(pem)
    if found is None:
        raise InputError("this is no PEM: it has no block from BEGIN to END")
    try:
        return base64.b64decode(b"".join(found[2].split()), validate=True)
    except binascii.Error as error:
        raise InputError(f"this is no PEM: the block of the type {found[1].decode()} is not base64") from error


def pem_of(label: str, der: bytes) -> str:
    """Return bytes as a PEM block, in lines of 64 characters."""
    text = base64.b64encode(der).decode()
    lines = "".join(f"{text[at : at + 64]}\n" for at in range(0, len(text), 64))
    return f"-----BEGIN {label}-----\n{lines}-----END {label}-----\n"
