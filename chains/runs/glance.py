"""A glance at a run: who it is, whether it is done, what marks it carries; the rest stays unread."""

from collections.abc import Mapping

import msgspec

from chains.runs import wire
from chains.runs.hold import Hold
from chains.runs.sighting import RunKey


class Glance(msgspec.Struct, frozen=True, gc=False):
    """The little that a watch needs to know of a run; with its metadata alone it is not known to be done."""

    key: RunKey
    created: str
    done: bool
    annotations: Mapping[str, str]
    managed_by: str
    hold: Hold
    parent: RunKey | None


def glance(kind: str, text: bytes | msgspec.Raw) -> Glance:
    """Read only what decides whether a run of that kind needs work; raise InputError when it cannot be read."""
    raw = wire.read_glance(text)
    metadata = raw.metadata or wire.Metadata()
    parent = parent_of(metadata)
    family = parent.uid if parent is not None and kind == "TaskRun" else ""
    key = RunKey(kind, metadata.namespace or "default", metadata.name or "", metadata.uid or "", family)
    outcome = wire.outcome((raw.status or wire.GlanceStatus()).conditions)
    done = outcome is not None and outcome != "Unknown"
    managed_by = (raw.spec or wire.GlanceSpec()).managed_by or ""
    created = metadata.creation_timestamp or ""
    return Glance(key, created, done, metadata.annotations or {}, managed_by, hold_of(metadata), parent)


def hold_of(metadata: wire.Metadata) -> Hold:
    """Return what keeps an object from vanishing."""
    finalizers = tuple(metadata.finalizers or ())
    return Hold(metadata.resource_version or "", finalizers, metadata.deletion_timestamp or "")


def parent_of(metadata: wire.Metadata) -> RunKey | None:
    """Return the PipelineRun that controls an object, if one does."""
    for owner in metadata.owner_references or ():
        if owner.controller and owner.kind == "PipelineRun":
            return RunKey(owner.kind, metadata.namespace or "default", owner.name or "", owner.uid or "")
    return None
