"""Why runs are signed, or not: a table of causes, each with what helps."""

from collections.abc import Mapping
from typing import Any

import pytest

from chains.config.config import Config, read_config
from chains.pipeline.explanation import Explanation, explain, is_hopeless, remedy
from chains.runs.marks import REASON, SIGNED
from tests.builders import image_results, parsed, taskrun, taskrun_object

BESIDE = {"artifacts.taskrun.storage": "oci", "artifacts.pipelinerun.storage": "oci"}
IMAGE = image_results()
DIGEST = IMAGE["IMAGE_DIGEST"]


def config() -> Config:
    return read_config(BESIDE).config


def explained(settings: Mapping[str, str] | None = None, **parts: Any) -> Explanation:
    return explain(taskrun(**parts), read_config(BESIDE | dict(settings or {})).config)


def failed(reason: str) -> dict[str, str]:
    return {SIGNED: "failed", REASON: reason}


CAUSES: list[tuple[str, dict[str, Any], dict[str, str], str]] = [
    ("no result at all", {}, {}, "have a task write the results IMAGE_URL and IMAGE_DIGEST"),
    ("no URL", {"results": {"IMAGE_DIGEST": DIGEST}}, {}, "add 'IMAGE_URL'"),
    ("no digest", {"results": {"IMAGE_URL": "r.example.com/a"}}, {}, "add 'IMAGE_DIGEST'"),
    ("a bad digest", {"results": {**IMAGE, "IMAGE_DIGEST": "sha256:12"}}, {}, "'IMAGE_URL' and 'IMAGE_DIGEST'"),
    ("two digests", {"results": {**IMAGE, "IMAGE_URL": f"r.example.com/a@sha256:{'0' * 64}"}}, {}, "other than"),
    ("a bad list", {"results": {"IMAGES": "r.example.com/a"}}, {}, "result 'IMAGES'"),
    ("no object", {"results": {"ARTIFACT_OUTPUTS": "x"}}, {}, "no object with the members uri and digest"),
    ("half an artifact", {"results": {"ARTIFACT_URI": "https://x"}}, {}, "add 'ARTIFACT_DIGEST'"),
    ("images switched off", {"results": IMAGE}, {"artifacts.oci.storage": ""}, "artifacts.oci.storage is empty"),
    ("runs switched off", {"results": IMAGE}, {"artifacts.taskrun.signer": "none"}, "TaskRuns are not attested"),
    ("on the run alone", {"results": IMAGE}, {"artifacts.taskrun.storage": "tekton"}, "add oci to artifacts.taskrun"),
    (
        "nothing to attach to",
        {"results": {"ARTIFACT_URI": "u", "ARTIFACT_DIGEST": DIGEST}},
        {},
        "no image to be attached",
    ),
    ("not finished", {"done": False}, {}, "wait until it has finished"),
    ("waiting", {"results": IMAGE}, {}, "chains doctor"),
    ("too old", {"results": IMAGE}, {"runs.backfill": "none"}, "runs.backfill leaves out"),
    ("not logged", {"results": IMAGE}, {"transparency.enabled": "manual"}, "transparency-upload"),
    ("denied", {"annotations": failed("oci: the registry answered 403")}, {}, "push rights"),
    ("unauthorized", {"annotations": failed("oci: UNAUTHORIZED")}, {}, "push rights"),
    (
        "bad credentials",
        {"annotations": failed("the auth of the entry 'x' is not base64")},
        {},
        "mend the registry cred",
    ),
    ("no repository", {"annotations": failed("oci: r.example.com answered 404")}, {}, "make the repository"),
    ("no pushes", {"annotations": failed("oci: r.example.com answered 405")}, {}, "allow pushes"),
    ("immutable tags", {"annotations": failed("the tag is immutable")}, {}, "sigstore-bundle"),
    ("too large", {"annotations": failed("tekton: exceeds the limit")}, {}, "too large for that place"),
    ("no TLS", {"annotations": failed("certificate verify failed")}, {}, "--registry-ca"),
    ("a metadata address", {"annotations": failed("169.254.1.1 is a link-local address")}, {}, "never spoken to"),
    ("no key", {"annotations": failed("there is no key to sign with")}, {}, "generate-key-pair"),
    ("the log", {"annotations": failed("the transparency log refused")}, {}, "transparency.mode: deferred"),
    (
        "secrets forbidden",
        {"annotations": failed("the Kubernetes API refused to get secrets: HTTP 403")},
        {},
        "the rule",
    ),
    ("an outage", {"annotations": failed("r.example.com answered 503")}, {}, "out of order"),
    ("unreadable", {"annotations": failed("status.startTime cannot be read")}, {}, "mend its results"),
    ("an unknown reason", {"annotations": failed("a fault")}, {}, "mend what the reason names; then chains resign"),
]


@pytest.mark.parametrize(("cause", "parts", "settings", "words"), CAUSES, ids=[cause for cause, *_ in CAUSES])
def test_each_cause_comes_with_what_helps(
    cause: str, parts: dict[str, Any], settings: dict[str, str], words: str
) -> None:
    advice = "\n".join(explained(settings, **parts).advice)
    assert words in advice, cause


def test_there_are_thirty_causes() -> None:
    assert len({words for *_, words in CAUSES}) >= 28
    assert len(CAUSES) >= 30


@pytest.mark.parametrize(
    ("annotations", "words"),
    [
        ({}, "carries no mark"),
        ({SIGNED: "true"}, "marked as signed"),
        ({SIGNED: "true", REASON: "no hint"}, "nothing to sign: no hint"),
        (failed("403"), "given up: 403"),
        ({SIGNED: "failed"}, "no reason is told"),
        ({SIGNED: "maybe"}, "means nothing"),
        ({REASON: "to be signed again"}, "is to be signed again"),
        ({"chains.tekton.dev/retries": "3"}, "tried it 3 times"),
        ({"chains.tekton.dev/transparency": "https://rekor.example.com/1"}, "logged at https://rekor.example.com/1"),
    ],
)
def test_what_happened_is_read_off_the_marks(annotations: dict[str, str], words: str) -> None:
    assert words in "\n".join(explained(annotations=annotations).happened)


def test_a_good_run_needs_no_advice() -> None:
    good = explained(results=IMAGE, annotations={SIGNED: "true"})
    assert good.advice == ()
    assert [request.kind for request in good.requests] == ["taskrun", "oci"]
    assert f"image {IMAGE['IMAGE_URL']}@{DIGEST}" in good.found


def test_a_run_of_another_controller_is_hopeless_until_it_is_named() -> None:
    found = taskrun_object(results=IMAGE)
    found["spec"]["managedBy"] = "example.com/other"
    run = parsed(found)
    assert "example.com/other" in is_hopeless(run, config())
    assert any("filter.managed-by" in advice for advice in explain(run, config()).advice)
    named = read_config(BESIDE | {"filter.managed-by": "example.com/other"}).config
    assert is_hopeless(run, named) == ""


def test_what_is_held_back_in_its_deletion_is_said() -> None:
    found = taskrun_object(results=IMAGE)
    found["metadata"] |= {"finalizers": ["chains.tekton.dev/taskrun"], "deletionTimestamp": "2026-01-01T00:00:00Z"}
    assert "it is being deleted, and held back until it is signed" in explain(parsed(found), config()).happened


def test_what_nobody_knows_has_no_remedy() -> None:
    assert remedy("a fault in the service") == ""
