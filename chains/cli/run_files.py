"""Reading runs from files."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from chains.cli.terminal import say
from chains.errors import InputError
from chains.runs.documents import read_documents
from chains.runs.run import KINDS, Run, parse_run


@dataclass(frozen=True, slots=True)
class FoundRuns:
    """The runs of some files, in order."""

    runs: tuple[Run, ...]

    def children_of(self, run: Run) -> tuple[Run, ...]:
        """Return the child TaskRuns of a PipelineRun that are in the files too, in the order it refers to them."""
        known = {
            found.name: found for found in self.runs if found.kind == "TaskRun" and found.namespace == run.namespace
        }
        return tuple(known[child.name] for child in run.children if child.name in known)

    def finished(self) -> Iterator[Run]:
        """Yield the runs that have ended, and say of each other one on stderr why it is left out."""
        for run in self.runs:
            if run.done:
                yield run
            else:
                say(f"note: {run} has not finished, and only finished runs are signed", err=True)


def read_run_files(paths: tuple[Path, ...]) -> FoundRuns:
    """Read every run of the files; raise InputError when one cannot be read or there is no run in any of them."""
    runs = tuple(run for path in paths for run in _runs(path))
    if not runs:
        where = f"{paths[0]} holds" if len(paths) == 1 else f"{', '.join(map(str, paths))} hold"
        raise InputError(f"{where} no TaskRun and no PipelineRun: write one out with kubectl get taskrun NAME -o yaml")
    return FoundRuns(runs)


def _runs(path: Path) -> list[Run]:
    try:
        objects = list(read_documents(path.read_bytes()))
        return [parse_run(msgspec.json.encode(found)) for found in objects if found.get("kind") in KINDS]
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except (InputError, TypeError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: {error}") from error
