"""A pipeline as its run resolved it: the tasks, and what each of them waits for."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chains.runs import wire
from chains.runs.value import Value, read_value

# A variable, whose inside is looked at piece by piece; brackets hold an index or a star.
_VARIABLE = re.compile(r"\$\(([_a-zA-Z0-9.-]+(?:\[(?:[0-9]+|\*)\])?)\)")


@dataclass(frozen=True, slots=True)
class PipelineTask:
    """One task of a pipeline.

    `ref` is what `taskRef` holds, without empty members and empty for an embedded task; `after` names the tasks it
    waits for: `runAfter` first, then those whose results it uses, in the order in which they are mentioned.
    """

    name: str
    ref: Mapping[str, Any]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A pipeline's tasks, and those that run at the end."""

    tasks: tuple[PipelineTask, ...]
    finally_tasks: tuple[PipelineTask, ...]


@dataclass(frozen=True, slots=True)
class ChildReference:
    """One child of a PipelineRun by kind and name; only TaskRuns are ours to gather."""

    kind: str
    name: str


def read_pipeline(spec: wire.PipelineSpec) -> Pipeline:
    """Return the pipeline of `status.pipelineSpec`."""
    return Pipeline(
        tuple(_pipeline_task(task) for task in spec.tasks or ()),
        tuple(_pipeline_task(task) for task in spec.finally_tasks or ()),
    )


def _pipeline_task(task: wire.PipelineTask) -> PipelineTask:
    after = list(task.run_after or ())
    for name in _result_references(_texts(task)):
        if name not in after:
            after.append(name)
    return PipelineTask(task.name or "", _ref(task.task_ref), tuple(after))


def _ref(ref: wire.Reference | None) -> Mapping[str, Any]:
    if ref is None:
        return {}
    params = [{"name": p.name, "value": read_value(p.value)} for p in ref.params or ()]
    members = {
        "name": ref.name,
        "kind": ref.kind,
        "apiVersion": ref.api_version,
        "resolver": ref.resolver,
        "params": params,
    }
    return {name: value for name, value in members.items() if value}


def _result_references(texts: Iterable[str | None]) -> Iterator[str]:
    """Yield the task of each `$(tasks.TASK.results.NAME)` or `$(finally.TASK.results.NAME)`."""
    for text in texts:
        for inside in _VARIABLE.findall(text or ""):
            pieces = inside.split(".")
            if len(pieces) in (4, 5) and pieces[0] in ("tasks", "finally") and pieces[2] == "results":
                yield pieces[1]


def _texts(task: wire.PipelineTask) -> Iterator[str | None]:
    """Yield every text of a task that may mention a result, in Tekton Chains' order."""
    matrix = task.matrix or wire.Matrix()
    params = [*(task.params or ()), *(matrix.params or ())]
    params += [param for include in matrix.include or () for param in include.params or ()]
    for param in params:
        yield from _value_texts(read_value(param.value))
    for when in task.when or ():
        yield from (when.input, when.cel, *(when.values or ()))
    spec = task.task_spec or wire.TaskSpec()
    for step in (*(spec.steps or ()), *(spec.sidecars or ())):
        yield from _step_texts(step)


def _value_texts(value: Value) -> Iterable[str]:
    if isinstance(value, str):
        return (value,)
    return value if isinstance(value, tuple) else value.values()


def _step_texts(step: wire.SpecStep) -> Iterator[str | None]:
    yield from (step.name, step.image, step.image_pull_policy, step.script, step.working_dir)
    yield from step.command or ()
    yield from step.args or ()
    for variable in step.env or ():
        source = variable.value_from or wire.EnvSource()
        yield variable.value
        for selector in (source.secret_key_ref, source.config_map_key_ref):
            if selector is not None:
                yield from (selector.key, selector.name)
