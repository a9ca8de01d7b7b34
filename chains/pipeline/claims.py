"""What a verified payload claims, and whether it speaks of the image: simple signing and in-toto statements."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from chains.artifacts.image_name import ImageName
from chains.artifacts.reference import ImageReference, shown
from chains.errors import InputError, VerificationError
from chains.payloads.payload import IN_TOTO, SignedPayload

SIMPLE_SIGNING_TYPES = ("cosign container image signature", "atomic container signature")

_MOST_TOLD = 3
_T = TypeVar("_T")


class _Image(msgspec.Struct, frozen=True, rename={"digest": "docker-manifest-digest"}):
    digest: str = ""


class _Identity(msgspec.Struct, frozen=True, rename={"reference": "docker-reference"}):
    reference: str = ""


class _Critical(msgspec.Struct, frozen=True):
    identity: _Identity = _Identity()
    image: _Image = _Image()
    type: str = ""


class _SimpleSigning(msgspec.Struct, frozen=True):
    critical: _Critical = _Critical()
    optional: dict[str, Any] | None = None


class _Subject(msgspec.Struct):
    name: str = ""
    digest: dict[str, str] | None = None
    annotations: dict[str, Any] | None = None


class _Statement(msgspec.Struct, rename={"predicate_type": "predicateType"}):
    predicate_type: str = ""
    subject: list[_Subject] | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """What a payload says: of which digests, under which repository name, and of what kind it is.

    `kind` is simple signing's type or the statement's predicate type; `digest` is `algorithm:hex`, of the image where a
    statement has it among its subjects, else empty; `reference` is empty in a statement, whose `subjects` are the names
    that it gives the image; `optional` is None where the payload has none.
    """

    kind: str
    digest: str
    reference: str = ""
    optional: Mapping[str, Any] | None = field(default=None, hash=False)
    subjects: tuple[str, ...] = ()


def claim_of(signed: SignedPayload, image: ImageReference) -> Claim:
    """Read what the payload claims about the image; raise InputError when it is not of its form."""
    if signed.payload.media_type == IN_TOTO:
        statement = _decode(signed.payload.body, _Statement)
        same = [one for one in statement.subject or () if (one.digest or {}).get("sha256") == image.digest.hex]
        if not same:
            return Claim(statement.predicate_type, "")
        names_given = tuple(one.name for one in same if one.name)
        return Claim(
            statement.predicate_type, str(image.digest), optional=same[0].annotations or {}, subjects=names_given
        )
    simple = _decode(signed.payload.body, _SimpleSigning)
    critical = simple.critical
    return Claim(critical.type, critical.image.digest, critical.identity.reference, simple.optional)


def check_image(claim: Claim, image: ImageReference, *, statement: bool) -> None:
    """Raise VerificationError when the claim speaks of another image."""
    if claim.digest == str(image.digest):
        return
    if statement:
        raise VerificationError("no matching subject digest found: no subject of the attestation is this image")
    raise VerificationError(
        f"invalid or missing digest in claim: {shown(claim.digest)}, so the signature speaks of another image"
    )


def check_annotations(claim: Claim, wanted: Mapping[str, str]) -> None:
    """Raise VerificationError unless each wanted pair is there, as a string."""
    optional = claim.optional or {}
    for key, value in wanted.items():
        if optional.get(key) != value:
            raise VerificationError(f"missing or incorrect annotation {shown(key)}")


def check_identity(claim: Claim, image: ImageReference, *, statement: bool) -> None:
    """Raise VerificationError unless type and repository name are the image's; a statement's type is its predicate's.

    cosign's statement that an image is signed names no repository, so that nothing ties it to this one.
    """
    if statement:
        _check_subjects(claim, image)
        return
    if claim.kind not in SIMPLE_SIGNING_TYPES:
        raise VerificationError(f"the signature's type is {shown(claim.kind)}, not {SIMPLE_SIGNING_TYPES[0]!r}")
    if not names(claim, image):
        raise VerificationError(f"the signature names {shown(claim.reference)}, not {image.repository}")


def names(claim: Claim, image: ImageReference) -> bool:
    """Whether the claim's reference, with or without a tag, is of the image's repository."""
    return _is_of(claim.reference, image)


def _check_subjects(claim: Claim, image: ImageReference) -> None:
    if not claim.subjects:
        raise VerificationError(
            f"the statement names no repository, so nothing says that it was made for {image.repository}"
        )
    if not any(_is_of(name, image) for name in claim.subjects):
        named = ", ".join(map(shown, claim.subjects[:_MOST_TOLD]))
        raise VerificationError(f"the statement names {named}, not {image.repository}")


def _is_of(name: str, image: ImageReference) -> bool:
    try:
        return ImageName.parse(name).repository == image.repository
    except InputError:
        return False


def _decode(body: bytes, shape: type[_T]) -> _T:
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"a signed payload is not of its form: {error}") from error
