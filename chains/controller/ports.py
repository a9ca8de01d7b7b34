"""What the controller needs of a cluster; the Kubernetes edge is fitted to it by the wiring."""

from collections.abc import AsyncIterator, Mapping
from typing import Protocol

import msgspec

from chains.pipeline.parts import Parts
from chains.runs.glance import Glance
from chains.runs.hold import Hold
from chains.runs.sighting import ConfigSighting, RunKey, RunSighting


class Cluster(Protocol):
    """The runs and the configuration of one cluster."""

    def runs(self, kind: str, namespace: str | None) -> AsyncIterator[RunSighting]:
        """Follow every run of a kind for ever: the metadata of those that are there first, then each change."""

    def backlog(self, kind: str, namespace: str | None) -> AsyncIterator[RunSighting]:
        """Go once through the metadata of every run of a kind."""

    def config(self) -> AsyncIterator[ConfigSighting]:
        """Follow the configuration for ever."""

    def glances(self, kind: str, namespace: str | None) -> AsyncIterator[Glance]:
        """Glance once at the metadata of every run of a kind that can be read."""

    async def read(self, key: RunKey) -> msgspec.Raw | bytes | None:
        """Return a run as it is now, or None when it is gone or another of that name has taken its place."""

    async def read_child(self, parent: RunKey, name: str) -> msgspec.Raw | bytes | None:
        """Return a child TaskRun of a run as it is now, or None when it is gone."""

    async def mark(self, key: RunKey, annotations: Mapping[str, str | None], hold: Hold | None = None) -> bool:
        """Write annotations (None removes one) in one patch guarded by the uid; return False when the run is gone.

        With `hold` the same patch frees the run from our finalizers, and from no other.
        """

    async def hold(self, key: RunKey, hold: Hold) -> bool:
        """Put our finalizer on a run; return False when it is gone."""

    def tell(self, key: RunKey, reason: str, message: str, *, warning: bool = True) -> None:
        """Have an event left on a run, soon and if all goes well; nobody waits for it."""

    async def told(self) -> None:
        """Wait until every event that is still to be left has been, or has been refused."""


class Workshop(Protocol):
    """Where the parts come from that runs are signed and stored with."""

    def choose(self, entries: Mapping[str, str]) -> Parts:
        """Return the live parts that the entries of `chains-config` call for; raise InputError for those refused."""

    async def refresh_keys(self) -> str:
        """Look at the signing secret; return a sentence when something about the keys changed."""

    async def chance(self) -> bool:
        """Wait until an outside host that was out of order works again (True) or may be tried (False)."""

    def troubled(self) -> frozenset[str]:
        """Return the outside hosts that are out of order."""
