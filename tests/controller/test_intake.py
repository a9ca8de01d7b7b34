"""Which sightings of a run are worth a turn."""

from typing import Any

import msgspec

from chains.controller.intake import MOST_MARKED, Intake
from chains.controller.queue import Lane, RunQueue
from chains.controller.state import State
from chains.runs.sighting import RunKey
from tests.builders import image_results, taskrun_object


def seen(intake: Intake, found: dict[str, Any], *, gone: bool = False) -> None:
    intake.see("TaskRun", msgspec.Raw(msgspec.json.encode(found)), Lane.LIVE, gone=gone)


def key(uid: str = "uid-1") -> RunKey:
    return RunKey("TaskRun", "builds", "build", uid)


def test_a_run_that_was_deleted_unsigned_is_signed_from_its_last_state() -> None:
    queue = RunQueue()
    intake = Intake(queue, State())
    seen(intake, taskrun_object(results=image_results()), gone=True)
    assert (len(queue), intake.has_last_state(key())) == (1, True)


def test_the_last_state_of_a_run_whose_mark_ended_its_deletion_is_no_cause_to_sign_it_again() -> None:
    queue = RunQueue()
    intake = Intake(queue, State())
    intake.note_marked(key())
    # The API tells how the run was before the patch that marked it and took its last finalizer off.
    seen(intake, taskrun_object(results=image_results()), gone=True)
    assert (len(queue), intake.has_last_state(key())) == (0, False)


def test_a_run_whose_mark_was_taken_off_again_is_signed_from_its_last_state() -> None:
    queue = RunQueue()
    intake = Intake(queue, State())
    intake.note_marked(key())
    seen(intake, taskrun_object(results=image_results()))
    seen(intake, taskrun_object(results=image_results()), gone=True)
    assert intake.has_last_state(key())


def test_of_the_marked_few_are_remembered() -> None:
    intake = Intake(RunQueue(), State())
    for number in range(3 * MOST_MARKED):
        intake.note_marked(key(str(number)))
    assert len(intake.marked) == MOST_MARKED
    assert key(str(3 * MOST_MARKED - 1)) in intake.marked
