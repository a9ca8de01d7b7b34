"""The judgement on what stands beside one image: every key, every type, every expectation."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from chains.audit.build import Build, moment_in, read_build
from chains.audit.verdict import Found, Proof, Verdict
from chains.errors import ChainsError, InputError, VerificationError
from chains.pipeline.expectations import Expectations, select
from chains.pipeline.ports import Verifier
from chains.pipeline.verify import (
    Demands,
    NoneHoldsError,
    NothingStoredError,
    OtherTypeError,
    Refusal,
    Verified,
    verify_attestations,
    verify_signatures,
)


@dataclass(frozen=True, slots=True)
class Key:
    """A public key that what is stored may be by: the name it was given under, and its fingerprint."""

    name: str
    key_id: str
    verifier: Verifier


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of everything: keys of which one must hold, predicate types of which one must be there.

    `policies` raises VerificationError for attestations that break a policy; `words` tells people what is asked.
    """

    keys: tuple[Key, ...]
    demands: Demands
    types: tuple[str, ...]
    expected: Expectations
    policies: Callable[[Verified], None]
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Needs:
    """What must stand beside an image; an attestation must be of the run, if one is given, as far as it names its own.

    `invocation` is the run's uid, `ended` when it ended, in RFC 3339. Without `artifacts` a run is asked for its images
    alone.
    """

    signature: bool = True
    attestation: bool = True
    artifacts: bool = True
    claims: bool = True
    invocation: str = ""
    ended: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on one image, and what it rests on."""

    verdict: Verdict
    why: tuple[str, ...]
    signatures: tuple[Proof, ...] = ()
    attestations: tuple[Proof, ...] = ()
    refusals: tuple[Refusal, ...] = ()


class _OtherRunError(VerificationError):
    """Attestations hold, and none is of the run that is asked for."""


@dataclass(frozen=True, slots=True)
class _Half:
    """One of the two: the signatures, or the attestations."""

    proofs: tuple[Proof, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    stored: bool = True
    why: str = ""

    @property
    def unanswered(self) -> bool:
        """Whether nothing holds because a log gave no answer."""
        return not self.proofs and any(one.candidate.unanswered for one in self.refusals)


async def judge(found: Found, question: Question, needs: Needs) -> Judgement:
    """Judge what was found beside an image; what is not needed is judged too, and counts only for what it shows."""
    if not needs.claims:
        question = replace(question, demands=replace(question.demands, claims=False))
    signatures = await _signatures(found, question)
    attestations = await _attestations(found, question, needs)
    wanted = [half for half, needed in ((signatures, needs.signature), (attestations, needs.attestation)) if needed]
    return Judgement(
        _verdict(wanted),
        tuple(half.why for half in wanted if half.why)
        if wanted
        else ("of what is required none stands beside such a run",),
        signatures.proofs,
        attestations.proofs,
        (*signatures.refusals, *attestations.refusals),
    )


def _verdict(halves: Iterable[_Half]) -> Verdict:
    halves = tuple(halves)
    if not halves:
        return Verdict.NOTHING
    if all(half.proofs for half in halves):
        return Verdict.VERIFIED
    if any(half.stored and not half.proofs and not half.unanswered for half in halves):
        return Verdict.REFUSED
    if any(half.unanswered for half in halves):
        return Verdict.UNKNOWN
    return Verdict.INCOMPLETE if any(half.proofs for half in halves) else Verdict.UNSIGNED


async def _signatures(found: Found, question: Question) -> _Half:
    whys: list[str] = []
    refusals: list[Refusal] = []
    for key in question.keys:
        try:
            verified = await verify_signatures(found.image, found, key.verifier, question.demands)
        except NothingStoredError:
            return _Half(stored=False, why="no signature is stored")
        except NoneHoldsError as error:
            whys.append(str(error))
            refusals.extend(error.refusals)
        else:
            return _Half(tuple(Proof(one, key.name) for one in verified.accepted), verified.refusals)
    return _Half(refusals=_once(refusals), why=_joined(whys))


async def _attestations(found: Found, question: Question, needs: Needs) -> _Half:
    """Judge by the first key that attests what is asked, of the run that is asked for: several keys may attest."""
    whys: list[str] = []
    refusals: list[Refusal] = []
    others = own = False
    for key in question.keys:
        try:
            verified = _of_run(await _of_types(found, question, key), needs)
            own = True
            verified = select(verified, question.expected)
            question.policies(verified)
        except NothingStoredError:
            return _Half(stored=False, why="no attestation is stored")
        except _OtherRunError as error:
            others = True
            whys.insert(0, str(error))
        except VerificationError as error:
            whys.append(str(error))
            refusals.extend(error.refusals if isinstance(error, NoneHoldsError) else ())
        else:
            proofs = tuple(
                Proof(one, key.name, _build(one.signed.payload.body, one.claim.kind)) for one in verified.accepted
            )
            return _Half(proofs, verified.refusals)
    return _Half(refusals=_once(refusals), stored=own or not others, why=_joined(whys))


async def _of_types(found: Found, question: Question, key: Key) -> Verified:
    """Return the attestations of any wanted type; raise what the last type raised when there is none of any."""
    verified: Verified | None = None
    failure: ChainsError = InputError("no predicate type is asked for")
    for kind in question.types:
        try:
            more = await verify_attestations(found.image, found, key.verifier, kind, question.demands)
        except OtherTypeError as error:
            failure = error
        else:
            verified = more if verified is None else replace(verified, accepted=(*verified.accepted, *more.accepted))
    if verified is None:
        raise failure
    held = {one.candidate.digest for one in verified.accepted}
    return replace(verified, refusals=tuple(one for one in verified.refusals if one.candidate.digest not in held))


def _of_run(verified: Verified, needs: Needs) -> Verified:
    """Leave out the attestations that tell of another run: of another uid or, as SLSA 0.2 has no uid, another end."""
    if not needs.invocation:
        return verified
    own = tuple(one for one in verified.accepted if _is_of(_build(one.signed.payload.body, one.claim.kind), needs))
    why = f"the attestations that hold are of other runs than the one with the uid {needs.invocation}"
    if not own:
        raise _OtherRunError(why)
    return replace(verified, accepted=own)


def _is_of(build: Build | None, needs: Needs) -> bool:
    if build is None:
        return True
    if build.invocation:
        return build.invocation == needs.invocation
    told, ended = moment_in(build.finished), moment_in(needs.ended)
    return told is None or ended is None or told == ended


def _build(statement: bytes, kind: str) -> Build | None:
    try:
        return read_build(statement, kind)
    except InputError:
        return None


def _once(refusals: Iterable[Refusal]) -> tuple[Refusal, ...]:
    """Return each candidate's refusals once: every key says its own of the same candidate."""
    return tuple({(one.candidate.digest, one.why): one for one in refusals}.values())


def _joined(whys: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(" ".join(why.split()) for why in whys))
