"""Bounds of one exchange with a registry."""

from dataclasses import dataclass

from chains.hosts.transport import Bounds

MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits(Bounds):
    """Besides these: bytes of a manifest and of a blob; redirects followed."""

    manifest: int = 4 * MEBIBYTE
    blob: int = 32 * MEBIBYTE
    redirects: int = 5
