"""Asking provenance plain questions: which attestation is chosen, and why the others lose."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from chains.artifacts.reference import Digest, ImageReference, Repository
from chains.errors import InputError, VerificationError
from chains.payloads.candidate import Candidate, Layout
from chains.payloads.payload import IN_TOTO, Payload, Signature, SignedPayload
from chains.pipeline.claims import Claim
from chains.pipeline.expectations import Expectations, plain_uri, select, span_text
from chains.pipeline.provenance import V0_2, V1, read_provenance
from chains.pipeline.verify import Accepted, Demands, Verified

IMAGE = ImageReference(Repository("registry.example", "team/app"), Digest("sha256", "a1" * 32))
NOW = datetime(2026, 5, 2, 12, tzinfo=UTC)
OLD = {
    "builder": {"id": "https://builder.example/a"},
    "buildConfig": {"tasks": [{"status": "Succeeded"}, {"status": "Succeeded"}]},
    "materials": [{"uri": "git+https://git.example/a.git@refs/heads/main", "digest": {"sha1": "c0ffee"}}],
    "metadata": {"buildFinishedOn": "2026-05-02T11:00:00Z"},
}
NEW = {
    "buildDefinition": {
        "resolvedDependencies": [{"uri": "git+https://git.example/a", "digest": {"gitCommit": "c0ffee"}}]
    },
    "runDetails": {"builder": {"id": "https://builder.example/a"}, "metadata": {"finishedOn": "2026-05-02T11:00:00Z"}},
}


def statement(predicate_type: str, predicate: object) -> bytes:
    return json.dumps({"predicateType": predicate_type, "subject": [], "predicate": predicate}).encode()


def verified(*predicates: tuple[str, object]) -> Verified:
    accepted = []
    for number, (kind, predicate) in enumerate(predicates):
        payload = Payload(statement(kind, predicate), IN_TOTO, kind, "", (IMAGE,))
        signed = SignedPayload(payload, Signature(b"s", ""), b"{}")
        accepted.append(
            Accepted(Candidate(Layout.TAG, f"sha256:{number}", (signed,)), signed, Claim(kind, str(IMAGE.digest)))
        )
    return Verified(IMAGE, Demands(), tuple(accepted), ())


@pytest.mark.parametrize(("kind", "predicate"), [(V0_2, OLD), (V1, NEW)])
@pytest.mark.parametrize(
    "expected",
    [
        Expectations(builder_id="https://builder.example/a"),
        Expectations(source_uri="https://git.example/a.git"),
        Expectations(source_digest="c0ffee"),
        Expectations(source_uri="git+https://git.example/a", source_digest="c0ffee"),
        Expectations(max_age=timedelta(hours=2), now=NOW),
    ],
)
def test_provenance_that_says_so_is_chosen(kind: str, predicate: object, expected: Expectations) -> None:
    assert len(select(verified((kind, predicate)), expected).accepted) == 1


@pytest.mark.parametrize(
    ("kind", "predicate", "expected", "why"),
    [
        (V0_2, OLD, Expectations(builder_id="https://builder.example/b"), "its builder is"),
        (V1, NEW, Expectations(builder_id="https://builder.example/a/"), "its builder is"),
        (V0_2, OLD, Expectations(source_uri="https://git.example/b"), "among what was used"),
        (V0_2, OLD, Expectations(source_digest="c0ffe"), "as a digest"),
        (V0_2, OLD, Expectations(source_digest="sha256:c0ffee"), "as a digest"),
        (V0_2, OLD, Expectations(max_age=timedelta(minutes=30), now=NOW), "longer ago"),
        (V0_2, {}, Expectations(max_age=timedelta(minutes=30), now=NOW), "does not tell when"),
        (V1, NEW, Expectations(run_succeeded=True), "does not tell whether"),
        (V0_2, OLD | {"buildConfig": {"steps": []}}, Expectations(run_succeeded=True), "does not tell whether"),
        (
            V0_2,
            OLD | {"buildConfig": {"tasks": [{"status": "Succeeded"}, {"status": "Failed"}]}},
            Expectations(run_succeeded=True),
            "did not succeed",
        ),
        ("https://spdx.dev/Document", {}, Expectations(builder_id="x"), "is no provenance"),
        (V1, [], Expectations(builder_id="x"), "not of its form"),
        (V1, {"runDetails": {"metadata": {"finishedOn": "noon"}}}, Expectations(builder_id="x"), "is none"),
    ],
)
def test_provenance_that_does_not_is_refused(kind: str, predicate: object, expected: Expectations, why: str) -> None:
    with pytest.raises(VerificationError, match=why):
        select(verified((kind, predicate)), expected)


def test_a_run_of_which_every_task_succeeded_is_chosen() -> None:
    assert select(verified((V0_2, OLD)), Expectations(run_succeeded=True)).accepted


def test_of_several_the_one_that_meets_everything_is_chosen_and_the_others_say_why_not() -> None:
    stale = OLD | {"metadata": {"buildFinishedOn": "2026-01-01T00:00:00Z"}}
    other = OLD | {"builder": {"id": "https://builder.example/evil"}}
    expected = Expectations(builder_id="https://builder.example/a", max_age=timedelta(days=1), now=NOW)
    found = select(verified((V0_2, stale), (V0_2, OLD), (V0_2, other)), expected)
    assert [one.candidate.digest for one in found.accepted] == ["sha256:1"]
    assert [(lost.candidate.digest, lost.why[:14]) for lost in found.refusals] == [
        ("sha256:0", "its build ende"),
        ("sha256:2", "its builder is"),
    ]


def test_nothing_expected_changes_nothing() -> None:
    found = verified(("anything", {}))
    assert select(found, Expectations(now=NOW)) is found


@pytest.mark.parametrize(
    ("uri", "plain"),
    [
        ("git+https://git.example/a.git@refs/heads/main", "https://git.example/a"),
        ("git+https://git.example/a.git#refs/heads/main", "https://git.example/a"),
        ("https://git.example/a/", "https://git.example/a"),
        ("git+ssh://git@git.example/a.git", "ssh://git@git.example/a"),
    ],
)
def test_a_source_is_the_same_however_it_was_fetched(uri: str, plain: str) -> None:
    assert plain_uri(uri) == plain


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(InputError, match="no time zone"):
        read_provenance(statement(V0_2, {"metadata": {"buildFinishedOn": "2026-05-02T11:00:00"}}), V0_2)


@pytest.mark.parametrize(
    ("span", "told"),
    [
        (timedelta(days=30), "30 days"),
        (timedelta(days=1, minutes=1), "1 day 1 minute"),
        (timedelta(hours=36, seconds=5), "1 day 12 hours 5 seconds"),
        (timedelta(), "0 seconds"),
    ],
)
def test_a_span_is_told_as_people_say_it(span: timedelta, told: str) -> None:
    assert span_text(span) == told
