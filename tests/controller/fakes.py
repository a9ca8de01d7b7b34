"""A cluster and stores in memory, fitting the controller's ports."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec

from chains.errors import ChainsError, EdgeError
from chains.payloads.payload import Origin, Signature, SignedPayload, Stored
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
        return RunKey(found["kind"], metadata["namespace"], metadata["name"], metadata["uid"])

    def annotations(self, key: RunKey) -> dict[str, str]:
        """Return the annotations that a run carries now."""
        return self.objects[key.kind, key.namespace, key.name]["metadata"]["annotations"]

    async def runs(self, kind: str, namespace: str | None) -> AsyncIterator[RunSighting]:
        feed: asyncio.Queue[RunSighting] = asyncio.Queue()
        for found in self.objects.values():
            if found["kind"] == kind:
                feed.put_nowait(RunSighting(_raw(found)))
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

    async def mark(self, key: RunKey, annotations: Mapping[str, str]) -> bool:
        if self.mark_errors:
            raise self.mark_errors.pop(0)
        found = self.objects.get((key.kind, key.namespace, key.name))
        if found is None or found["metadata"]["uid"] != key.uid:
            return False
        found["metadata"]["annotations"].update(annotations)
        self._tell(found)
        return True

    async def tell(self, key: RunKey, reason: str, message: str) -> None:
        self.events.append((key, reason, message))

    def _tell(self, found: dict[str, Any]) -> None:
        for kind, feed in self._feeds:
            if kind == found["kind"]:
                feed.put_nowait(RunSighting(_raw(found), live=True))


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
        self.kept.append((origin, signed))
        return Stored((f"fake/{len(self.kept)}",), self._annotations)


def outage(retry_after: float | None = None) -> EdgeError:
    """A failure that may pass."""
    return EdgeError("the registry does not answer", transient=True, retry_after=retry_after)


def denial() -> EdgeError:
    """A failure that no retry mends."""
    return EdgeError("the registry says 403: push is not allowed", transient=False)


def _raw(found: dict[str, Any]) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(found))
