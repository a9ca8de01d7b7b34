"""Why runs are signed, or not: a table of causes, each with what helps."""

from collections.abc import Mapping
from typing import Any

import pytest
from yarl import URL

from chains.artifacts.reference import Repository
from chains.config.config import Config, read_config
from chains.hosts.answer import Answer
from chains.kube.refusals import Request
from chains.kube.refusals import refusal as api_refused
from chains.kube.resources import SECRETS, TASK_RUNS
from chains.kube.wire import Status
from chains.pipeline.causes import Cause
from chains.pipeline.explanation import Explanation, explain, is_hopeless, remedied
from chains.pipeline.host_causes import OF_THE_ANSWER, OF_THE_WAY, remedies
from chains.pipeline.run_causes import OF_THE_RUN
from chains.registry.refusals import denied
from chains.registry.refusals import failed as registry_refused
from chains.rekor.refusals import refused as log_refused
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


HEX = "0" * 64
ARTIFACT = {"ARTIFACT_URI": "https://x/a.tgz", "ARTIFACT_DIGEST": DIGEST}

# Each cause, a run that has it, and what is then said; hosts' own sentences are tested with the clients that say them.
CAUSES: list[tuple[str, dict[str, Any], dict[str, str], str]] = [
    ("the run has not finished", {"done": False}, {}, "it has not finished"),
    (
        "the run failed",
        {"results": IMAGE, "conditions": [{"type": "Succeeded", "status": "False"}]},
        {},
        "it failed; what it built before that is signed all the same",
    ),
    ("no result names an artifact", {}, {}, "no result of this run names an artifact"),
    ("no result names an artifact", {"results": {"COMMIT": "abc"}}, {}, "no result of this run names an artifact"),
    (
        "a result is nearly called as it must be",
        {"results": {"image-url": "r.example.com/a"}},
        {},
        "result 'image-url' is called so that nothing reads it: was it to end with IMAGE_URL?",
    ),
    (
        "a result is nearly called as it must be",
        {"results": {"IMAGE_DIGSET": DIGEST}},
        {},
        "result 'IMAGE_DIGSET' is called so that nothing reads it: was it to end with IMAGE_DIGEST?",
    ),
    ("half of a pair of results is missing", {"results": {"IMAGE_DIGEST": DIGEST}}, {}, "add 'IMAGE_URL'"),
    ("half of a pair of results is missing", {"results": {"IMAGE_URL": "r.example.com/a"}}, {}, "add 'IMAGE_DIGEST'"),
    ("half of a pair of results is missing", {"results": {"ARTIFACT_URI": "u"}}, {}, "add 'ARTIFACT_DIGEST'"),
    ("a digest is malformed", {"results": {**IMAGE, "IMAGE_DIGEST": "sha256:12"}}, {}, "needs 64 hex digits"),
    ("a digest is malformed", {"results": {**ARTIFACT, "ARTIFACT_DIGEST": "md5:12"}}, {}, "an algorithm other than"),
    (
        "name and digest contradict each other",
        {"results": {**IMAGE, "IMAGE_URL": f"r.example.com/a@sha256:{HEX}"}},
        {},
        "carries a digest other than",
    ),
    ("the list of images is malformed", {"results": {"IMAGES": "r.example.com/a"}}, {}, "result 'IMAGES': the image"),
    ("an artifact is no object", {"results": {"ARTIFACT_OUTPUTS": "x"}}, {}, "no object with the members uri and"),
    (
        "a name is no image",
        {"results": {**IMAGE, "IMAGE_URL": "r.example.com/Team/App"}},
        {},
        "needs a path of 2 to 255 characters",
    ),
    (
        "signing images is switched off",
        {"results": IMAGE},
        {"artifacts.oci.storage": ""},
        "images are not signed: artifacts.oci.storage is empty",
    ),
    (
        "images have no signer",
        {"results": IMAGE},
        {"artifacts.oci.signer": "none"},
        "images are not signed: artifacts.oci.signer is none",
    ),
    (
        "attesting runs is switched off",
        {"results": IMAGE},
        {"artifacts.taskrun.storage": ""},
        "TaskRuns are not attested: artifacts.taskrun.storage is empty",
    ),
    (
        "runs have no signer",
        {"results": IMAGE},
        {"artifacts.taskrun.signer": "none"},
        "TaskRuns are not attested: artifacts.taskrun.signer is none",
    ),
    ("there is no image to attach to", {"results": ARTIFACT}, {}, "the attestation has no image to be attached to"),
    (
        "the attestation is on the run alone",
        {"results": IMAGE},
        {"artifacts.taskrun.storage": "tekton"},
        "its attestation is kept on the run alone",
    ),
    ("it is not logged", {"results": IMAGE}, {"transparency.enabled": "manual"}, "it is not logged: transparency.ena"),
    (
        "it waits for its turn, or is outside the service's namespaces",
        {"results": IMAGE},
        {},
        "it carries no mark: it waits for its turn",
    ),
    ("it ended before the service began", {"results": IMAGE}, {"runs.backfill": "none"}, "runs.backfill leaves out"),
    (
        "it is to be signed again",
        {"results": IMAGE, "annotations": {REASON: "to be signed again"}},
        {},
        "and is to be signed again",
    ),
    (
        "its mark means nothing",
        {"results": IMAGE, "annotations": {SIGNED: "maybe"}},
        {},
        "has a value that means nothing",
    ),
    (
        "Tekton Chains has used up its tries",
        {"results": IMAGE, "annotations": {SIGNED: "failed", "chains.tekton.dev/retries": "3"}},
        {},
        "Tekton Chains tried it 3 times, and gave it up",
    ),
    (
        "there was nothing to sign",
        {"results": {"COMMIT": "abc"}, "annotations": {SIGNED: "true", REASON: "no hint"}},
        {},
        "it is marked as signed, and there was nothing to sign: no hint",
    ),
]


def of_registry(status: int, complaint: str = "", path: str = "team/app") -> str:
    """What the mark of a run says that a registry has refused for good."""
    answer = Answer(URL("https://r.example.com/v2/"), status, complaint=complaint and f" ({complaint})")
    return f"oci: {registry_refused(answer, 'to store a manifest', Repository('r.example.com', path))}"


def of_log(status: int) -> str:
    """What it says where the log did."""
    return (
        f"the transparency log: {log_refused('rekor.example.com', Answer(URL('https://rekor'), status), 'to log it')}"
    )


def of_api(verb: str, path: str, code: int, message: str = "") -> str:
    """What it says where the Kubernetes API did."""
    return str(api_refused(Request(verb, verb.upper(), path), code, Status(message)))


RUN_PATH, SECRET_PATH = TASK_RUNS.path("builds", "build"), SECRETS.path("builds", "push")
# What hosts say, in the words of the clients that say it, as the mark of a run that was given up has it.
REFUSED = [
    ("a registry refuses the push (401, 403)", of_registry(403)),
    ("a registry refuses the push (401, 403)", of_registry(401, "UNAUTHORIZED authentication required")),
    ("a registry refuses the push (401, 403)", str(denied(Repository("r.example.com", "app"), ["no"], writing=True))),
    ("registry credentials are malformed", "the auth of the entry 'x' is not base64"),
    ("a repository is not there (404, 405)", of_registry(404)),
    ("a repository is not there (404, 405)", of_registry(405)),
    ("tags may not change", of_registry(400, "TAG_INVALID the tag is immutable")),
    ("it is too large (413)", of_api("patch", RUN_PATH, 422, "metadata.annotations: Too long: at most 262144 bytes")),
    ("it is too large (413)", of_registry(413)),
    ("a registry asks for less (429)", of_registry(429)),
    ("a certificate is not trusted", "certificate verify failed"),
    ("an address that is never spoken to", "169.254.1.1 is a link-local address"),
    ("there is no key", "there is no key to sign with"),
    ("the key's password is wrong", "cosign.key: the password from cosign.password does not open the key"),
    ("the log is down, or refuses", of_log(400)),
    ("the log is down, or refuses", of_log(503)),
    ("the log knows nobody who asks so (401, 403)", of_log(401)),
    ("the log knows nobody who asks so (401, 403)", of_log(403)),
    ("the log takes no entry that large (413)", of_log(413)),
    ("the service may not read pull secrets", of_api("get", SECRET_PATH, 403)),
    ("the Kubernetes API does not know who asks", of_api("patch", RUN_PATH, 401)),
    ("the Kubernetes API refuses", of_api("patch", RUN_PATH, 403)),
    ("a server is out of order (5xx)", of_registry(503)),
    ("a server is out of order (5xx)", of_registry(500, path="team/immutable-app")),
    ("a server is out of order (5xx)", of_registry(500, path="team/repo-401")),
    ("a server is out of order (5xx)", of_registry(500, path="team/rekor-mirror-quota")),
    ("the run says what cannot be read", "status.startTime cannot be read"),
]
# Told where there is a cluster or a registry to ask, or more than one run: see below, and the tests of the command.
ELSEWHERE = {
    "a child TaskRun is gone",
    "it belongs to another controller",
    "its child runs are not settled",
    "only a finalizer holds it",
    "the mark was copied, or what was stored is gone",
    "chains-config cannot be read",
    "what a setting asks for is not built",
    "a setting is refused",
    "Events cannot be read",
}


def helps(name: str, causes: tuple[Cause, ...] = OF_THE_RUN) -> str:
    """Return the remedy of a cause as it is told of the TaskRun `build`."""
    (found,) = [cause.helps for cause in causes if cause.name == name]
    return found.replace("RUN", "taskrun/build -n builds").replace("KIND", "taskrun")


@pytest.mark.parametrize(("cause", "parts", "settings", "said"), CAUSES)
def test_each_cause_is_said_and_comes_with_what_helps(
    cause: str, parts: dict[str, Any], settings: dict[str, str], said: str
) -> None:
    told = explained(settings, **parts)
    sentences = [sentence for sentence in (*told.happened, *told.left_out) if said in sentence]
    assert sentences
    assert (helps(cause) or sentences[0]) in told.advice


@pytest.mark.parametrize(("cause", "reason"), REFUSED)
def test_each_refusal_comes_with_what_helps_and_how_to_begin_again(cause: str, reason: str) -> None:
    told = explained(results=IMAGE, annotations=failed(reason))
    assert f"it was given up: {reason}" in told.happened
    assert told.advice == (
        f"{helps(cause, (*OF_THE_WAY, *OF_THE_ANSWER))}; then chains resign taskrun/build -n builds",
    )


def test_a_reason_that_nobody_knows_is_left_to_its_reader() -> None:
    told = explained(results=IMAGE, annotations=failed("a fault"))
    assert told.advice == ("mend what the reason names; then chains resign taskrun/build -n builds",)


def test_every_cause_has_its_test() -> None:
    assert {name for name, *_ in CAUSES} | ELSEWHERE == {cause.name for cause in OF_THE_RUN}
    assert {name for name, _ in REFUSED} >= {cause.name for cause in OF_THE_ANSWER}
    assert len({*OF_THE_RUN, *OF_THE_WAY, *OF_THE_ANSWER}) > 50


def test_a_reason_on_the_mark_is_not_answered_twice() -> None:
    half = "result 'IMAGE_DIGEST' has no result 'IMAGE_URL' beside it: add 'IMAGE_URL' to the task's results"
    marked = {SIGNED: "true", REASON: f"{half}; the attestation has no image to be attached to"}
    told = explained(results={"IMAGE_DIGEST": DIGEST}, annotations=marked)
    assert told.advice == (half, helps("there was nothing to sign"))


def test_of_a_run_in_progress_nothing_is_said_but_that_it_goes_on() -> None:
    assert explained(done=False).advice == (helps("the run has not finished"),)


def test_a_pipeline_run_waits_for_its_children_and_misses_those_that_are_gone() -> None:
    found = taskrun_object("whole", childReferences=[{"kind": "TaskRun", "name": name} for name in ("one", "gone")])
    child = parsed(taskrun_object("one", results=IMAGE))
    told = explain(parsed({**found, "kind": "PipelineRun"}), config(), [child])
    assert "it waits for its child runs one" in told.happened
    assert "chains explain each of them" in told.advice
    kept = read_config({"artifacts.pipelinerun.storage": "tekton"}).config
    told = explain(parsed({**found, "kind": "PipelineRun"}), kept, [child])
    assert "child TaskRun gone was not found" in "\n".join(told.left_out)
    assert helps("a child TaskRun is gone") in told.advice


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
    told = explain(parsed(found), config())
    assert "it is being deleted, and held back until it is signed" in told.happened
    assert helps("only a finalizer holds it") in told.advice


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("it is marked as signed, and nothing stands beside x", "the mark was copied, or what was stored is gone"),
        ("chains-config cannot be read, so the defaults are taken for it: HTTP 403", "chains-config cannot be read"),
        ("chains-config is refused: artifacts.oci.format: '' is none of x", "a setting is refused"),
        (
            "chains-config is refused: artifacts.taskrun.storage asks for gcs, which is not built yet",
            "what a setting asks for is not built",
        ),
        ("its Events cannot be read: HTTP 403", "Events cannot be read"),
    ],
)
def test_what_cluster_and_registry_say_comes_with_what_helps(said: str, cause: str) -> None:
    assert remedied(taskrun(), [said]) == (helps(cause),)


def test_what_nobody_knows_has_no_remedy() -> None:
    assert list(remedies("a fault in the service")) == []
