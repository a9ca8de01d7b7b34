"""What an event costs that needs no work: a glance at a run that is signed, or still in progress."""

import json
import time

import msgspec

from chains.config.config import read_config
from chains.controller.intake import Intake
from chains.controller.queue import Lane, RunQueue
from chains.controller.state import State
from chains.kube.wire import change
from chains.pipeline.parts import Parts
from tests.bench.load import finished
from tests.bench.stages import SETTINGS

ROUNDS = 20_000


def glance_microseconds() -> dict[str, float]:
    """Return the microseconds of one watch line, from its bytes to the decision to leave the run alone."""
    signed = json.loads(finished("signed", "registry.example.com/team/app", signed=True))
    unfinished = json.loads(finished("unfinished", "registry.example.com/team/app"))
    unfinished["metadata"]["finalizers"] = ["chains.tekton.dev/taskrun"]
    unfinished["status"]["conditions"] = [{"type": "Succeeded", "status": "Unknown"}]
    return {"signed": _cost(signed), "in progress": _cost(unfinished)}


def _cost(found: object) -> float:
    state, queue = State(), RunQueue()
    state.parts = Parts(read_config(SETTINGS).config, {}, {})
    intake = Intake(queue, state)
    line = msgspec.json.encode({"type": "MODIFIED", "object": found})
    best = float("inf")
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(ROUNDS // 5):
            intake.see("TaskRun", change(line).object, Lane.LIVE, gone=False)
        best = min(best, (time.perf_counter() - began) / (ROUNDS // 5))
    assert len(queue) == 0, "the event was not one that needs no work"
    return best * 1e6
