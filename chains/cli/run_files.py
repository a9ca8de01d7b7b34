"""Reading Kubernetes objects from files: YAML or JSON, several documents, or a List."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import yaml

from chains.errors import InputError
from chains.runs.run import KINDS, Run, parse_run


class _Loader(yaml.CSafeLoader):
    """YAML as Kubernetes reads it: a time is a string."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True, slots=True)
class RunFile:
    """The runs of some files, in order, and how many other objects were passed over."""

    runs: tuple[Run, ...]
    others: int

    def children_of(self, run: Run) -> tuple[Run, ...]:
        """Return the child TaskRuns of a PipelineRun that are in the files too, in the order it refers to them."""
        known = {
            found.name: found for found in self.runs if found.kind == "TaskRun" and found.namespace == run.namespace
        }
        return tuple(known[child.name] for child in run.children if child.name in known)


def read_run_files(paths: tuple[Path, ...]) -> RunFile:
    """Read every run of the files; raise InputError when a file cannot be read or none of them holds a run."""
    runs: list[Run] = []
    others = 0
    for path in paths:
        for place, item in enumerate(read_objects(path), start=1):
            if item.get("kind") not in KINDS:
                others += 1
                continue
            try:
                runs.append(parse_run(msgspec.json.encode(item)))
            except (InputError, TypeError, ValueError, OverflowError) as error:
                raise InputError(f"{path}, object {place}: {error}") from error
    if not runs:
        raise InputError(
            f"{', '.join(map(str, paths))}: no TaskRun or PipelineRun in {'it' if len(paths) == 1 else 'them'}; "
            "write one out with: kubectl get taskrun NAME -o yaml"
        )
    return RunFile(tuple(runs), others)


def read_objects(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a file, those of a List one by one."""
    for document in _documents(path):
        if not isinstance(document, dict):
            raise InputError(f"{path}: a document is {type(document).__name__}, not a Kubernetes object")
        if str(document.get("kind", "")).endswith("List") and isinstance(document.get("items"), list):
            yield from (item for item in document["items"] if isinstance(item, dict))
        else:
            yield document


def _documents(path: Path) -> list[Any]:
    try:
        text = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    try:
        if text.lstrip().startswith(b"{"):
            return [msgspec.json.decode(text)]
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass  # several JSON documents in one file are YAML's to read, as is what only looks like JSON
    try:
        return [document for document in yaml.load_all(text, _Loader) if document is not None]
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise InputError(f"{path} is neither YAML nor JSON: {str(error).splitlines()[0]}") from error
