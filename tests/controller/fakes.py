"""A cluster and stores in memory, fitting the controller's ports."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from chains.errors import ChainsError, EdgeError
from chains.payloads.payload import Origin, Signature, SignedPayload, Stored
from chains.runs.authors import FIELD_MANAGER
from chains.runs.glance import Glance, glance
from chains.runs.hold import OURS, Hold
from chains.runs.marks import SIGNED
from chains.runs.sighting import ConfigSighting, RunKey, RunSighting


class FakeCluster:
    """Runs by name; what is put in is seen by whoever follows, and marks are written back into them."""

    def __init__(self, entries: Mapping[str, str] | None = None) -> None:
        self.objects: dict[tuple[str, str, str], dict[str, Any]] = {}
        self.events: list[tuple[RunKey, str, str]] = []
        self.mark_errors: list[ChainsError] = []
        self._feeds: list[tuple[str, asyncio.Queue[RunSighting]]] = []
        self.settings: asyncio.Queue[ConfigSighting] = asyncio.Queue()
        if entries is not None:
            self.settings.put_nowait(ConfigSighting(entries))

    def put(self, found: dict[str, Any]) -> RunKey:
        """Store an object and tell every follower of its kind."""
        metadata = found["metadata"]
        self.objects[found["kind"], metadata["namespace"], metadata["name"]] = found
        self._tell(found)
        return glance(found["kind"], _raw(found)).key

    def interrupt(self, trouble: str) -> None:
        """Tell every follower that its watch is interrupted."""
        for _, feed in self._feeds:
            feed.put_nowait(RunSighting(None, trouble=trouble))

    def resume(self) -> None:
        """Tell every follower that its watch goes on."""
        for _, feed in self._feeds:
            feed.put_nowait(RunSighting(None))

    def annotations(self, key: RunKey) -> dict[str, str]:
        """Return the annotations that a run carries now."""
        return self.objects[key.kind, key.namespace, key.name]["metadata"]["annotations"]

    async def runs(self, kind: str, namespace: str | None) -> AsyncIterator[RunSighting]:
        feed: asyncio.Queue[RunSighting] = asyncio.Queue()
        for found in self.objects.values():
            if found["kind"] == kind:
                feed.put_nowait(RunSighting(_raw({"metadata": found["metadata"]})))
        feed.put_nowait(RunSighting(None))
        self._feeds.append((kind, feed))
        while True:
            yield await feed.get()

    async def config(self) -> AsyncIterator[ConfigSighting]:
        while True:
            yield await self.settings.get()

    async def read(self, key: RunKey) -> bytes | None:
        found = self.objects.get((key.kind, key.namespace, key.name))
        return None if found is None or found["metadata"]["uid"] != key.uid else bytes(_raw(found))

    async def read_child(self, parent: RunKey, name: str) -> bytes | None:
        found = self.objects.get(("TaskRun", parent.namespace, name))
        return None if found is None else bytes(_raw(found))

    async def backlog(self, kind: str, namespace: str | None) -> AsyncIterator[RunSighting]:
        for found in list(self.objects.values()):
            if found["kind"] == kind:
                yield RunSighting(_raw({"metadata": found["metadata"]}))

    async def glances(self, kind: str, namespace: str | None) -> AsyncIterator[Glance]:
        for found in list(self.objects.values()):
            if found["kind"] == kind:
                yield glance(kind, _raw({"metadata": found["metadata"]}))

    async def mark(self, key: RunKey, annotations: Mapping[str, str | None], hold: Hold | None = None) -> bool:
        if self.mark_errors:
            raise self.mark_errors.pop(0)
        found = self._found(key)
        if found is None:
            return False
        for name, value in annotations.items():
            if value is None:
                found["metadata"]["annotations"].pop(name, None)
            else:
                found["metadata"]["annotations"][name] = value
        if SIGNED in annotations:
            owned = {"f:metadata": {"f:annotations": {f"f:{SIGNED}": {}}}}
            found["metadata"]["managedFields"] = [{"manager": FIELD_MANAGER, "fieldsV1": owned}]
        if hold is not None and hold.ours:
            found["metadata"]["finalizers"] = [f for f in found["metadata"]["finalizers"] if f not in OURS]
        self._changed(key, found)
        return True

    async def hold(self, key: RunKey, hold: Hold) -> bool:
        found = self._found(key)
        if found is None:
            return False
        found["metadata"]["finalizers"] = list(hold.taken(key.kind))
        self._changed(key, found)
        return True

    def delete(self, key: RunKey) -> None:
        """Delete a run as the API does: at once, or as soon as nothing holds it."""
        found = self.objects[key.kind, key.namespace, key.name]
        found["metadata"]["deletionTimestamp"] = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        self._changed(key, found)

    def finalizers(self, key: RunKey) -> list[str]:
        """Return the finalizers that a run carries now."""
        return self.objects[key.kind, key.namespace, key.name]["metadata"].get("finalizers", [])

    def __contains__(self, key: RunKey) -> bool:
        return self._found(key) is not None

    def tell(self, key: RunKey, reason: str, message: str, *, warning: bool = True) -> None:
        self.events.append((key, reason, message))

    async def told(self) -> None:
        """Nothing is left to tell."""

    def _found(self, key: RunKey) -> dict[str, Any] | None:
        found = self.objects.get((key.kind, key.namespace, key.name))
        return None if found is None or found["metadata"]["uid"] != key.uid else found

    def _changed(self, key: RunKey, found: dict[str, Any]) -> None:
        metadata = found["metadata"]
        gone = "deletionTimestamp" in metadata and not metadata.get("finalizers")
        if gone:
            del self.objects[key.kind, key.namespace, key.name]
        self._tell(found, gone=gone)

    def _tell(self, found: dict[str, Any], *, gone: bool = False) -> None:
        for kind, feed in self._feeds:
            if kind == found["kind"]:
                feed.put_nowait(RunSighting(_raw(found), live=True, gone=gone))


class FakeSigner:
    """Signs by quoting; counts what it was asked to sign."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []

    async def sign(self, message: bytes) -> Signature:
        self.messages.append(message)
        return Signature(b"signed:" + message[:16], "SHA256:fake")


class FakeStore:
    """Keeps what it is given; raises the errors it was told to, one a put."""

    def __init__(self, *errors: ChainsError, annotations: Mapping[str, str] | None = None) -> None:
        self.kept: list[tuple[Origin, SignedPayload]] = []
        self._errors = list(errors)
        self._annotations = dict(annotations or {})

    async def put(self, signed: SignedPayload, origin: Origin) -> Stored:
        if self._errors:
            raise self._errors.pop(0)
        written = (origin, signed) not in self.kept
        self.kept.append((origin, signed))
        return Stored((f"fake/{len(self.kept)}",), self._annotations, written)


def outage(retry_after: float | None = None) -> EdgeError:
    """A failure that may pass."""
    return EdgeError("the registry does not answer", transient=True, retry_after=retry_after)


def denial() -> EdgeError:
    """A failure that no retry mends."""
    return EdgeError("the registry says 403: push is not allowed", transient=False)


def _raw(found: dict[str, Any]) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(found))
