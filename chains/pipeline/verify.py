"""The way back: from an image to the signed payloads stored beside it, each checked."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from chains.artifacts.reference import ImageReference
from chains.errors import ChainsError, InputError, VerificationError
from chains.payloads.dsse import pre_authentication_encoding
from chains.payloads.payload import COSIGN_SIGN, IN_TOTO, SignedPayload
from chains.pipeline.ports import SignedImages, Verifier

_T = TypeVar("_T")


class _Image(msgspec.Struct, rename={"digest": "docker-manifest-digest"}):
    digest: str


class _Critical(msgspec.Struct):
    image: _Image
    type: str


class _Claim(msgspec.Struct):
    critical: _Critical


class _Subject(msgspec.Struct):
    digest: dict[str, str] = {}


class _Statement(msgspec.Struct, rename={"predicate_type": "predicateType"}):
    predicate_type: str
    subject: list[_Subject] = []


@dataclass(frozen=True, slots=True)
class Verified:
    """The payloads of an image whose signature and claim hold, and why the others do not."""

    image: ImageReference
    payloads: tuple[SignedPayload, ...]
    refusals: tuple[str, ...]


async def verify_signatures(image: ImageReference, stored: SignedImages, verifier: Verifier) -> Verified:
    """Check every signature of the image; raise VerificationError when none is this key's and about this image."""
    return _judge(
        image, "signature", await stored.signatures(image), lambda found: _check_claim(found, image, verifier)
    )


async def verify_attestations(
    image: ImageReference, stored: SignedImages, verifier: Verifier, predicate_type: str
) -> Verified:
    """Check every attestation of the image; raise VerificationError when none of that predicate type holds."""

    def check(found: SignedPayload) -> None:
        _check_statement(found, image, verifier, predicate_type)

    return _judge(image, "attestation", await stored.attestations(image), check)


def _judge(
    image: ImageReference, what: str, found: Iterable[SignedPayload], check: Callable[[SignedPayload], None]
) -> Verified:
    good: list[SignedPayload] = []
    refusals: list[str] = []
    for candidate in found:
        try:
            check(candidate)
            good.append(candidate)
        except ChainsError as error:
            refusals.append(str(error))
    if not good:
        why = "; ".join(dict.fromkeys(refusals)) if refusals else f"no {what} is stored beside it"
        raise VerificationError(f"{image} has no {what} that verifies: {why}")
    return Verified(image, tuple(good), tuple(refusals))


def _check_claim(found: SignedPayload, image: ImageReference, verifier: Verifier) -> None:
    """Check a signature of an image: over a claim as it is, or over cosign's signing statement in an envelope."""
    if found.envelope is not None:
        _check_statement(found, image, verifier, COSIGN_SIGN)
        return
    verifier.verify(found.payload.body, found.signature.raw)
    claim = _decode(found.payload.body, _Claim).critical
    if claim.image.digest != str(image.digest):
        raise VerificationError(f"the signature speaks of another image, {claim.image.digest}")


def _check_statement(found: SignedPayload, image: ImageReference, verifier: Verifier, predicate_type: str) -> None:
    if found.payload.media_type != IN_TOTO:
        raise VerificationError(f"the envelope holds {found.payload.media_type}, not {IN_TOTO}")
    verifier.verify(pre_authentication_encoding(IN_TOTO, found.payload.body), found.signature.raw)
    statement = _decode(found.payload.body, _Statement)
    if statement.predicate_type != predicate_type:
        raise VerificationError(f"the attestation's predicate type is {statement.predicate_type}, not {predicate_type}")
    if all(subject.digest.get("sha256") != image.digest.hex for subject in statement.subject):
        raise VerificationError("no subject of the attestation is this image")


def _decode(body: bytes, shape: type[_T]) -> _T:
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"a signed payload is not of its form: {error}") from error
