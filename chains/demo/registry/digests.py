"""Digests as this registry reads and writes them."""

import hashlib
import re

_DIGEST = re.compile(r"sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128}", re.ASCII)


def is_wellformed(digest: str) -> bool:
    return _DIGEST.fullmatch(digest) is not None


def sha256_digest(content: bytes) -> str:
    """Return the digest under which content is kept."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def matches(content: bytes, digest: str) -> bool:
    """Say whether the well-formed digest is the content's."""
    algorithm, _, digits = digest.partition(":")
    return hashlib.new(algorithm, content).hexdigest() == digits
