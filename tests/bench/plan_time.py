"""How long a plan takes from the JSON of a run to the bytes that get signed: `python tests/bench/plan_time.py`."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from chains.config.config import Config, read_config
from chains.pipeline.plan import plan_run
from chains.runs.documents import read_documents
from chains.runs.run import parse_run

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
ROUNDS = 1000
TASKS = 10
TASKRUN_BYTES = 8 * 1024
FORMATS = ("slsa/v1", "slsa/v2alpha4")


def config(format_name: str) -> Config:
    """The configuration of the demo, with one format for both kinds."""
    return read_config(
        {f"artifacts.{kind}.storage": "oci" for kind in ("taskrun", "pipelinerun", "oci")}
        | {f"artifacts.{kind}.format": format_name for kind in ("taskrun", "pipelinerun")}
    ).config


def sample(name: str, kind: str) -> dict[str, Any]:
    """The first run of a kind in a sample."""
    return next(found for found in read_documents((SAMPLES / name).read_bytes()) if found["kind"] == kind)


def taskrun(name: str = "build", task: str = "build") -> bytes:
    """A TaskRun of about 8 KB: a kaniko build with as many more steps as that takes."""
    run = sample("kaniko-taskrun.yaml", "TaskRun")
    run["metadata"]["name"] = name
    run["metadata"]["labels"]["tekton.dev/pipelineTask"] = task
    ran, written = run["status"]["steps"][-1], run["status"]["taskSpec"]["steps"][-1]
    while len(msgspec.json.encode(run)) < TASKRUN_BYTES:
        step = f"step-{len(run['status']['steps'])}"
        run["status"]["steps"].append({**ran, "name": step, "container": f"step-{step}"})
        run["status"]["taskSpec"]["steps"].append({**written, "name": step})
    return msgspec.json.encode(run)


def pipelinerun(names: list[str]) -> bytes:
    """A PipelineRun of so many tasks, each waiting for the one before it."""
    run = sample("release-pipeline.yaml", "PipelineRun")
    spec = run["status"]["pipelineSpec"]
    build = next(task for task in spec["tasks"] if task["name"] == "build")
    spec["tasks"] = [{**build, "name": n, "runAfter": [p]} for p, n in zip(["", *names[:-1]], names, strict=True)]
    spec["finally"] = []
    reference = run["status"]["childReferences"][0]
    run["status"]["childReferences"] = [{**reference, "name": n, "pipelineTaskName": n} for n in names]
    return msgspec.json.encode(run)


def median_ms(work: Callable[[], object]) -> float:
    """The median time of many rounds, in milliseconds, after a few to warm up."""
    times = []
    for turn in range(ROUNDS + 50):
        began = time.perf_counter()
        work()
        if turn >= 50:
            times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def main() -> None:
    """Measure and print one table."""
    one, names = taskrun(), [f"task-{n}" for n in range(TASKS)]
    parent, children = pipelinerun(names), [taskrun(name, name) for name in names]
    sizes = (len(one), len(parent) + sum(map(len, children)))
    print(f"{'':14}{'parse':>10}{'plan':>10}{'both':>10}   milliseconds, median of {ROUNDS}")
    for name in FORMATS:
        settings = config(name)
        for label, size, text, below in (
            ("TaskRun", sizes[0], one, []),
            (f"PipelineRun of {TASKS}", sizes[1], parent, children),
        ):
            parse = median_ms(lambda text=text, below=below: (parse_run(text), [parse_run(child) for child in below]))
            run, known = parse_run(text), [parse_run(child) for child in below]
            assert plan_run(run, settings, known).requests
            plan = median_ms(lambda run=run, settings=settings, known=known: plan_run(run, settings, known))
            print(f"{name:14}{parse:10.3f}{plan:10.3f}{parse + plan:10.3f}   {label}, {size / 1024:.0f} KB")


if __name__ == "__main__":
    main()
