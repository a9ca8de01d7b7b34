"""What a watch reports: which run it was, what was seen of it, and how the watch itself fares."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec


class RunKey(msgspec.Struct, frozen=True, gc=False):
    """Which run: enough to fetch it again, never its body; a child TaskRun's `family` is the uid of its PipelineRun."""

    kind: str
    namespace: str
    name: str
    uid: str
    family: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class RunSighting:
    """One report of a watch on runs: an object, or how the watch fares.

    An object is `live`, and whole, when it just changed; one that was found there has its metadata only. It is `gone`
    when this is the last state it had.

    Without an object, `trouble` says why the watch is interrupted; it is empty once all that was there has been seen,
    and once the watch goes on.
    """

    object: msgspec.Raw | None
    live: bool = False
    gone: bool = False
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class ConfigSighting:
    """One report of the watch on the configuration: its entries, None where there is none, or `trouble`."""

    entries: Mapping[str, str] | None
    trouble: str = ""
