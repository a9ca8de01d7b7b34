"""PEM text blocks (RFC 7468), read strictly and written in 64 columns."""

import base64
import binascii
from dataclasses import dataclass, field

from chains.errors import InputError

_COLUMNS = 64
_LONGEST_LABEL = 64


@dataclass(frozen=True, slots=True)
class PemBlock:
    """One block: its label, the decoded bytes, and the text that follows it."""

    label: str
    body: bytes = field(repr=False)
    rest: bytes = field(repr=False)


def first_block(text: bytes) -> PemBlock:
    """Return the first block, whatever stands before it; raise InputError when it is missing or damaged."""
    _, begin, rest = text.partition(b"-----BEGIN ")
    if not begin:
        raise InputError("this is no PEM file: it has no BEGIN line")
    label, dashes, rest = rest.partition(b"-----")
    if not (dashes and label.isascii() and label.decode("ascii").isprintable() and len(label) <= _LONGEST_LABEL):
        raise InputError("the PEM block's BEGIN line is damaged")
    body, end, rest = rest.partition(b"-----END " + label + b"-----")
    if not end:
        raise InputError(f"the PEM block is cut short: no END line closes {label.decode('ascii')}")
    return PemBlock(label.decode("ascii"), _decode(body), rest)


def _decode(body: bytes) -> bytes:
    if b":" in body:
        raise InputError(
            "the PEM block carries headers, as keys encrypted in OpenSSL's old way do; "
            "rewrite the key with `openssl pkcs8 -topk8 -nocrypt`"
        )
    try:
        return base64.b64decode(b"".join(body.split()), validate=True)
    except binascii.Error as error:
        raise InputError("the PEM block is damaged: between its BEGIN and END lines stands no base64") from error


def armour(label: str, body: bytes) -> bytes:
    """Return the block as text that ends in a newline."""
    text = base64.b64encode(body).decode("ascii")
    lines = [text[start : start + _COLUMNS] for start in range(0, len(text), _COLUMNS)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""]).encode("ascii")
