"""A glance at a run: who it is, whether it is done, what marks it carries; the rest stays unread."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from chains.runs import wire
from chains.runs.sighting import RunKey


@dataclass(frozen=True, slots=True)
class Glance:
    """The little that a watch needs to know of a run."""

    key: RunKey
    done: bool
    annotations: Mapping[str, str]


def glance(kind: str, text: bytes | msgspec.Raw) -> Glance:
    """Read only what decides whether a run of that kind needs work; raise InputError when it cannot be read."""
    raw = wire.read_glance(text)
    metadata = raw.metadata or wire.Metadata()
    key = RunKey(kind, metadata.namespace or "default", metadata.name or "", metadata.uid or "")
    outcome = wire.outcome((raw.status or wire.GlanceStatus()).conditions)
    return Glance(key, outcome is not None and outcome != "Unknown", metadata.annotations or {})
