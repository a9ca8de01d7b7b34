"""The way back: from an image to the candidates stored beside it, each judged, and the judgements as a value."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from chains.artifacts.reference import ImageReference, shown
from chains.errors import ChainsError, VerificationError
from chains.payloads.candidate import Candidate, Layout
from chains.payloads.dsse import pre_authentication_encoding
from chains.payloads.payload import IN_TOTO, SignedPayload
from chains.payloads.sigstore_bundle import SIGN_PREDICATE
from chains.pipeline.claims import Claim, check_annotations, check_identity, check_image, claim_of
from chains.pipeline.ports import LogVerifier, SignedImages, Verifier
from chains.pipeline.strict import check_strict, check_strict_statement


class NothingStoredError(VerificationError):
    """Nothing of the wanted kind stands beside the image."""


class NoneHoldsError(VerificationError):
    """Candidates stand beside the image, and none of them holds; `refusals` says why."""

    def __init__(self, message: str, refusals: tuple["Refusal", ...]) -> None:
        super().__init__(message)
        self.refusals = refusals


class OtherTypeError(VerificationError):
    """Attestations hold, and none is of the wanted predicate type; `found` are the types there are."""

    def __init__(self, message: str, found: tuple[str, ...]) -> None:
        super().__init__(message)
        self.found = found


@dataclass(frozen=True, slots=True)
class Demands:
    """What must hold besides the signature.

    Without `claims` nothing ties a signature to the image. `identity` also compares type and repository name, and
    `strict` takes simple signing only as containers/image reads it, and statements only as in-toto has them.
    `log` is asked for each candidate; None leaves the transparency log out.
    """

    claims: bool = True
    annotations: Mapping[str, str] = field(default_factory=dict)
    identity: bool = False
    strict: bool = False
    log: LogVerifier | None = None
    attestation_as_signature: bool = False


@dataclass(frozen=True, slots=True)
class Accepted:
    """A candidate that holds: the signature it holds by, and what it claims."""

    candidate: Candidate
    signed: SignedPayload
    claim: Claim


@dataclass(frozen=True, slots=True)
class Refusal:
    """A candidate that does not count, and why."""

    candidate: Candidate
    why: str

    def __str__(self) -> str:
        return self.why


@dataclass(frozen=True, slots=True)
class Verified:
    """The judgement on everything beside an image: what holds, in the order it is stored, and what does not."""

    image: ImageReference
    demands: Demands
    accepted: tuple[Accepted, ...]
    refusals: tuple[Refusal, ...]

    @property
    def payloads(self) -> tuple[SignedPayload, ...]:
        """The payloads that hold."""
        return tuple(one.signed for one in self.accepted)


_ANY = Demands()


async def verify_signatures(
    image: ImageReference, stored: SignedImages, verifier: Verifier, demands: Demands = _ANY
) -> Verified:
    """Judge every signature of the image.

    Raises NothingStoredError when there is none, NoneHoldsError when none is this key's and about this image.
    """
    found = await stored.find_signatures(image)
    attestations = [] if demands.attestation_as_signature else [one for one in found if _is_attestation(one)]
    verified = _judge(image, [one for one in found if one not in attestations], verifier, demands)
    if not verified.accepted and not verified.refusals:
        aside = f"; {len(attestations)} attestations are, and an attestation is no signature" if attestations else ""
        raise NothingStoredError(f"no signatures found: none is stored beside {image}{aside}")
    return _some(verified, "signatures")


async def verify_attestations(
    image: ImageReference,
    stored: SignedImages,
    verifier: Verifier,
    predicate_type: str,
    demands: Demands = _ANY,
) -> Verified:
    """Judge every attestation of the image, and keep those of the predicate type.

    Raises NothingStoredError, NoneHoldsError, or OtherTypeError when those that hold are of other types.
    """
    verified = _judge(image, await stored.find_attestations(image), verifier, demands)
    if not verified.accepted and not verified.refusals:
        raise NothingStoredError(f"no matching attestations: none is stored beside {image}")
    verified = _some(verified, "attestations")
    wanted = tuple(one for one in verified.accepted if one.claim.kind == predicate_type)
    others = tuple(one for one in verified.accepted if one.claim.kind != predicate_type)
    if not wanted:
        found = tuple(dict.fromkeys(one.claim.kind for one in others))
        raise OtherTypeError(f"the attestations of {image} that hold are of the types {', '.join(found)}", found)
    lost = tuple(Refusal(one.candidate, f"its predicate type is {shown(one.claim.kind)}") for one in others)
    return replace(verified, accepted=wanted, refusals=(*verified.refusals, *lost))


def _judge(image: ImageReference, candidates: Iterable[Candidate], verifier: Verifier, demands: Demands) -> Verified:
    judgements = [_first_that_holds(candidate, image, verifier, demands) for candidate in candidates]
    accepted = tuple(one for one in judgements if isinstance(one, Accepted))
    return Verified(image, demands, accepted, tuple(one for one in judgements if isinstance(one, Refusal)))


def _first_that_holds(
    candidate: Candidate, image: ImageReference, verifier: Verifier, demands: Demands
) -> Accepted | Refusal:
    """Judge by the first signature that holds, as an envelope may carry other people's too."""
    why = candidate.fault
    for signed in candidate.signed:
        try:
            return Accepted(candidate, signed, _check(candidate, signed, image, verifier, demands))
        except ChainsError as error:
            why = why or str(error)
    return Refusal(candidate, why)


def _check(
    candidate: Candidate, signed: SignedPayload, image: ImageReference, verifier: Verifier, demands: Demands
) -> Claim:
    statement = signed.envelope is not None
    if statement and signed.payload.media_type != IN_TOTO:
        raise VerificationError(
            f"invalid payloadType {shown(signed.payload.media_type)} on envelope. Expected {IN_TOTO}"
        )
    if candidate.layout is Layout.BUNDLE and signed.signature.key_id:
        # As cosign 3 has it, whatever the key id says (the bundle names its key elsewhere).
        raise VerificationError("the bundle's envelope carries a key id, which must be empty in a bundle")
    message = pre_authentication_encoding(IN_TOTO, signed.payload.body) if statement else signed.payload.body
    verifier.verify(message, signed.signature.raw)
    if demands.log is not None:
        demands.log.check(candidate, signed, verifier)
    if demands.strict:
        (check_strict_statement if statement else check_strict)(signed.payload.body)
    claim = claim_of(signed, image)
    if demands.claims:
        check_image(claim, image, statement=statement)
        check_annotations(claim, demands.annotations)
    if demands.identity:
        check_identity(claim, image, statement=statement)
    return claim


def _is_attestation(candidate: Candidate) -> bool:
    return candidate.layout is Layout.BUNDLE and all(
        signed.payload.predicate_type != SIGN_PREDICATE for signed in candidate.signed
    )


def _some(verified: Verified, what: str) -> Verified:
    if verified.accepted:
        return verified
    why = "\n ".join(dict.fromkeys(map(str, verified.refusals)))
    raise NoneHoldsError(f"no matching {what}: {why}", verified.refusals)
