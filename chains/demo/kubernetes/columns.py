"""The columns that `kubectl get` prints, by kind."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from chains.demo.kubernetes.objects import Object, Version, lookup
from chains.demo.kubernetes.resources import CONFIG_MAPS, NAMESPACES, PIPELINE_RUNS, SECRETS, TASK_RUNS, Resource

Cell = Callable[[Object, datetime], object]

_STEPS = ((2 * 60, 1, 0), (10 * 60, 60, 1), (3 * 3600, 60, 0), (8 * 3600, 3600, 60), (48 * 3600, 3600, 0),
          (8 * 86400, 86400, 3600), (2 * 31536000, 86400, 0), (8 * 31536000, 31536000, 86400))  # fmt: skip
_UNITS = {1: "s", 60: "m", 3600: "h", 86400: "d", 31536000: "y"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its header and what stands under it."""

    name: str
    cell: Cell

    @property
    def definition(self) -> dict[str, object]:
        form = "name" if self.name == "Name" else ""
        return {"name": self.name, "type": "string", "format": form, "description": "", "priority": 0}


def columns_of(resource: Resource) -> tuple[Column, ...]:
    return (_NAME, *_BETWEEN.get(resource.id, (_AGE,)))


def cells(columns: tuple[Column, ...], version: Version, now: datetime) -> list[object]:
    found = version.object
    return [column.cell(found, now) for column in columns]


def human_duration(seconds: int) -> str:
    """Write a duration as kubectl prints ages: `5s`, `3m2s`, `4d`; a second unit is told when it is not zero."""
    if seconds < 0:
        return "0s"
    unit, rest = next(((unit, rest) for below, unit, rest in _STEPS if seconds < below), (31536000, 0))
    text = f"{seconds // unit}{_UNITS[unit]}"
    left = seconds % unit
    if rest and left // rest:
        text += f"{left // rest}{_UNITS[rest]}"
    return text


def _path(path: str) -> Cell:
    return lambda found, _: lookup(found, path) or ""


def _since(path: str) -> Cell:
    def cell(found: Object, now: datetime) -> str:
        text = lookup(found, path)
        if not isinstance(text, str):
            return ""
        try:
            then = datetime.fromisoformat(text)
        except ValueError:
            return "<invalid>"
        return human_duration(int((now - then).total_seconds()))

    return cell


def _count(field: str) -> Cell:
    return lambda found, _: str(len(found.get(field) or {}))


def _succeeded(field: str) -> Cell:
    def cell(found: Object, _: datetime) -> object:
        conditions = lookup(found, "status.conditions")
        listed = conditions if isinstance(conditions, list) else []
        named = [each for each in listed if isinstance(each, dict) and each.get("type") == "Succeeded"]
        return named[0].get(field, "") if named else ""

    return cell


_NAME = Column("Name", _path("metadata.name"))
_AGE = Column("Age", _since("metadata.creationTimestamp"))
_RUN = (
    Column("Succeeded", _succeeded("status")),
    Column("Reason", _succeeded("reason")),
    Column("StartTime", _since("status.startTime")),
    Column("CompletionTime", _since("status.completionTime")),
)
_BETWEEN: dict[tuple[str, str], tuple[Column, ...]] = {
    SECRETS.id: (Column("Type", _path("type")), Column("Data", _count("data")), _AGE),
    CONFIG_MAPS.id: (Column("Data", _count("data")), _AGE),
    NAMESPACES.id: (Column("Status", _path("status.phase")), _AGE),
    TASK_RUNS.id: _RUN,
    PIPELINE_RUNS.id: _RUN,
}
