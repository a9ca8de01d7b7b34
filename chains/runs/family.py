"""A run together with its child runs; a TaskRun is a family of one."""

from collections.abc import Iterator
from dataclasses import dataclass

from chains.runs.pipeline import PipelineTask
from chains.runs.run import Run

PIPELINE_TASK = "tekton.dev/pipelineTask"


@dataclass(frozen=True, slots=True)
class Family:
    """A run and those of its child TaskRuns that are known, in the order of `status.childReferences`."""

    run: Run
    children: tuple[Run, ...] = ()

    def children_of(self, task: PipelineTask) -> tuple[Run, ...]:
        """Return the children that ran a pipeline task: one, several for a matrix, none when it was skipped."""
        return tuple(child for child in self.children if child.labels.get(PIPELINE_TASK) == task.name)

    def executed(self) -> Iterator[Run]:
        """Yield the children that ended, pipeline task by pipeline task, those of `finally` last."""
        pipeline = self.run.pipeline
        for task in (*pipeline.tasks, *pipeline.finally_tasks) if pipeline else ():
            yield from (child for child in self.children_of(task) if child.completed)

    def missing(self) -> tuple[str, ...]:
        """Return the names of child TaskRuns that the run refers to and that are not known."""
        known = {child.name for child in self.children}
        return tuple(c.name for c in self.run.children if c.kind in ("", "TaskRun") and c.name not in known)
