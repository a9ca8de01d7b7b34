"""Image names as people type them: with a tag, with a digest, or with neither."""

from dataclasses import dataclass
from typing import Self

from chains.artifacts.reference import Digest, ImageReference, Repository, shown
from chains.errors import InputError


@dataclass(frozen=True, slots=True)
class ImageName:
    """A name as it was typed, and what it means: a digest where it has one, else a tag, `latest` by default."""

    text: str
    repository: Repository
    tag: str
    digest: Digest | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `[registry/]path[:tag][@sha256:hex]`; raise InputError."""
        try:
            return cls._parse(text)
        except InputError as error:
            raise InputError(f"could not parse reference: {shown(text)[1:-1]}: {error}") from error

    @classmethod
    def _parse(cls, text: str) -> Self:
        left, at, _ = text.partition("@")
        head, colon, tag = left.rpartition(":")
        named = bool(colon) and "/" not in tag
        path = head if named else left
        if at:
            image = ImageReference.parse(text)
            return cls(text, image.repository, tag if named else "", image.digest)
        return cls(text, Repository.parse(path), tag if named else "latest")
