"""What the owner of a run is told of it."""

import pytest

from chains.controller.announcements import announce, announce_retry
from chains.controller.turn import End, Turn
from chains.pipeline.plan import NO_HINT
from chains.runs.sighting import RunKey
from tests.controller.fakes import FakeCluster

KEY = RunKey("TaskRun", "builds", "build", "uid-1")
MISS = "result 'IMAGE_DIGEST' has no result 'IMAGE_URL' beside it: add 'IMAGE_URL' to the task's results"


class Listening(FakeCluster):
    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[str, str, bool]] = []

    def tell(self, key: RunKey, reason: str, message: str, *, warning: bool = True) -> None:
        self.told.append((reason, message, warning))


@pytest.mark.parametrize(("reasons", "warning"), [((NO_HINT,), False), ((MISS,), True), ((NO_HINT, MISS), True)])
def test_what_nearly_named_an_artifact_is_a_warning(reasons: tuple[str, ...], warning: bool) -> None:
    cluster = Listening()
    announce(cluster, Turn(KEY, End.NOTHING_TO_SIGN, reasons=reasons))
    assert cluster.told == [("NothingToSign", "; ".join(reasons), warning)]


def test_a_failure_is_told_with_what_helps() -> None:
    cluster = Listening()
    announce(cluster, Turn(KEY, End.FAILED, "oci: the registry answered 403"))
    [(reason, message, warning)] = cluster.told
    assert (reason, warning) == ("Failed", True)
    assert "answered 403" in message
    assert "chains resign taskrun/build -n builds" in message


def test_a_retry_is_told_with_its_cause_and_the_next_try() -> None:
    cluster = Listening()
    announce_retry(cluster, Turn(KEY, End.RETRY, "oci: no answer"), 3, 7.6)
    assert cluster.told == [("Retrying", "not signed after 3 tries, the next in 8 s: oci: no answer", True)]


@pytest.mark.parametrize("end", [End.LEFT, End.GONE, End.HELD, End.FREED, End.RESUMED, End.WAITING])
def test_what_needs_no_word_gets_none(end: End) -> None:
    cluster = Listening()
    announce(cluster, Turn(KEY, end))
    assert cluster.told == []
