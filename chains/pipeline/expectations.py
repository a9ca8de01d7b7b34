"""What an auditor expects of provenance, and which of several attestations meets it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chains.artifacts.reference import shown
from chains.errors import ChainsError, VerificationError
from chains.pipeline.provenance import Provenance, Source, read_provenance
from chains.pipeline.verify import Accepted, NoneHoldsError, Refusal, Verified

_CLOCKS_DIFFER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Expectations:
    """What the provenance must say; empty and None ask for nothing. `now` is what `max_age` is counted from."""

    builder_id: str = ""
    source_uri: str = ""
    source_digest: str = ""
    run_succeeded: bool = False
    max_age: timedelta | None = None
    now: datetime | None = None

    @property
    def any(self) -> bool:
        """Whether anything is expected."""
        return self != Expectations(now=self.now)


def select(verified: Verified, expected: Expectations) -> Verified:
    """Keep the attestations that meet every expectation, and say of each other why not; raise NoneHoldsError."""
    if not expected.any:
        return verified
    chosen: list[Accepted] = []
    lost: list[Refusal] = []
    for one in verified.accepted:
        try:
            _check(read_provenance(one.signed.payload.body, one.claim.kind), expected)
            chosen.append(one)
        except ChainsError as error:
            lost.append(Refusal(one.candidate, str(error)))
    if not chosen:
        why = "\n ".join(dict.fromkeys(map(str, lost)))
        raise NoneHoldsError(f"no attestation is as expected: {why}", tuple(lost))
    return replace(verified, accepted=tuple(chosen), refusals=(*verified.refusals, *lost))


def _check(provenance: Provenance, expected: Expectations) -> None:
    if expected.builder_id and provenance.builder_id != expected.builder_id:
        raise VerificationError(f"its builder is {shown(provenance.builder_id)}, not {shown(expected.builder_id)}")
    if expected.source_uri or expected.source_digest:
        _check_source(provenance.sources, expected)
    if expected.run_succeeded and not provenance.succeeded:
        told = (
            "it tells of a task that did not succeed"
            if provenance.succeeded is False
            else ("it does not tell whether the run succeeded (provenance of a PipelineRun in SLSA 0.2 does)")
        )
        raise VerificationError(told)
    if expected.max_age is not None and expected.now is not None:
        _check_age(provenance.finished, expected.max_age, expected.now)


def _check_source(sources: Iterable[Source], expected: Expectations) -> None:
    found = [one for one in sources if not expected.source_uri or plain_uri(one.uri) == plain_uri(expected.source_uri)]
    if not found:
        raise VerificationError(f"it does not name {shown(expected.source_uri)} among what was used")
    if expected.source_digest and not any(_has(one, expected.source_digest) for one in found):
        where = f" of {shown(expected.source_uri)}" if expected.source_uri else ""
        raise VerificationError(f"it does not name {shown(expected.source_digest)} as a digest{where}")


def _has(source: Source, digest: str) -> bool:
    algorithm, colon, digits = digest.rpartition(":")
    return any(value == digits and (not colon or name == algorithm) for name, value in source.digest.items())


def _check_age(finished: datetime | None, most: timedelta, now: datetime) -> None:
    if finished is None:
        raise VerificationError("it does not tell when the build ended")
    if finished - now > _CLOCKS_DIFFER:
        raise VerificationError(f"its build ended {finished.isoformat()}, which is after {now.isoformat()}")
    if now - finished > most:
        raise VerificationError(f"its build ended {finished.isoformat()}, which is longer ago than {span_text(most)}")


def span_text(span: timedelta) -> str:
    """Return a span of time as people say it, such as `30 days` or `1 hour 30 minutes`."""
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = {"day": days, "hour": hours, "minute": minutes, "second": seconds}
    told = [f"{count} {unit}{'' if count == 1 else 's'}" for unit, count in parts.items() if count]
    return " ".join(told) or "0 seconds"


def plain_uri(uri: str) -> str:
    """Return a source's URI without what only tells how or at what state it was fetched."""
    path = uri.removeprefix("git+").partition("#")[0]
    head, at, _ = path.rpartition("@")
    # An `@` before the path's first slash belongs to the host, as in git@example.com.
    if at and "/" in head.partition("://")[2]:
        path = head
    return path.removesuffix("/").removesuffix(".git")
