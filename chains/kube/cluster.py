"""One cluster as the controller sees it: its runs, its configuration, and the marks left on runs."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress

from chains.errors import EdgeError, InputError
from chains.kube.client import KubeClient
from chains.kube.config_map import follow_config_map
from chains.kube.event_lane import EventLane
from chains.kube.events import NORMAL, WARNING, Involved
from chains.kube.refusals import ConflictError
from chains.kube.resources import RUNS
from chains.kube.run_marks import patch_run, read_run
from chains.kube.watch import Disconnected, Resumed, Synced, follow
from chains.kube.wire import Change, Found
from chains.runs.glance import Glance, glance
from chains.runs.hold import Hold
from chains.runs.sighting import ConfigSighting, RunKey, RunSighting

CONFIG_MAP = "chains-config"
TRIES = 5


class KubeCluster:
    """Follows, reads and marks runs through one client; the configuration is a ConfigMap in `system_namespace`."""

    def __init__(self, client: KubeClient, system_namespace: str, events: EventLane | None = None) -> None:
        """Set it up; without a lane for them no events are left."""
        self._client = client
        self._events = events
        self._system_namespace = system_namespace

    async def runs(self, kind: str, namespace: str | None) -> AsyncGenerator[RunSighting, None]:
        """Follow every run of a kind: what a list tells of is the backlog, what changes is live."""
        stream = follow(self._client, RUNS[kind], namespace=namespace, metadata_first=True)
        async with aclosing(stream) as followed:
            async for seen in followed:
                match seen:
                    case Found(object=found):
                        yield RunSighting(found)
                    case Change(type=type_, object=found):
                        yield RunSighting(found, live=True, gone=type_ == "DELETED")
                    case Synced() | Resumed():
                        yield RunSighting(None)
                    case Disconnected(reason=reason):
                        yield RunSighting(None, trouble=reason)

    async def config(self) -> AsyncGenerator[ConfigSighting, None]:
        """Follow the configuration."""
        async with aclosing(follow_config_map(self._client, self._system_namespace, CONFIG_MAP)) as followed:
            async for seen in followed:
                if isinstance(seen, Disconnected):
                    yield ConfigSighting(None, trouble=seen.reason)
                else:
                    yield ConfigSighting(seen.data)

    async def read(self, key: RunKey) -> bytes | None:
        """Return a run as it is now, or None when it is gone or another of that name has taken its place."""
        return await read_run(self._client, key)

    async def read_named(self, kind: str, namespace: str, name: str) -> bytes | None:
        """Return the run of a name as it is now, whichever it is, or None when there is none."""
        return await self._client.get(RUNS[kind].path(namespace, name))

    async def read_child(self, parent: RunKey, name: str) -> bytes | None:
        """Return a child TaskRun of a run as it is now, or None when it is gone."""
        return await self.read_named("TaskRun", parent.namespace, name)

    async def backlog(self, kind: str, namespace: str | None) -> AsyncGenerator[RunSighting, None]:
        """Go once through the metadata of every run of a kind."""
        async with aclosing(self._client.list_pages(RUNS[kind], namespace, metadata_only=True)) as pages:
            async for page in pages:
                for item in page.items:
                    yield RunSighting(item)

    async def glances(self, kind: str, namespace: str | None) -> AsyncGenerator[Glance, None]:
        """Glance once at the metadata of every run of a kind that can be read."""
        async with aclosing(self._client.list_pages(RUNS[kind], namespace, metadata_only=True)) as pages:
            async for page in pages:
                for item in page.items:
                    with suppress(InputError):
                        yield glance(kind, item)

    async def mark(self, key: RunKey, annotations: Mapping[str, str | None], hold: Hold | None = None) -> bool:
        """Write annotations, and free the run from our finalizers if `hold` has them; return False when it is gone."""
        if hold is None or not hold.ours:
            return not annotations or await patch_run(self._client, key, annotations)
        for _ in range(TRIES):
            try:
                return await patch_run(self._client, key, annotations, hold.freed(), hold.resource_version)
            except ConflictError:
                text = await self.read(key)
                if text is None:
                    return False
                hold = glance(key.kind, text).hold
        raise EdgeError(f"{key} changes faster than it can be marked", transient=True)

    async def hold(self, key: RunKey, hold: Hold) -> bool:
        """Put our finalizer on a run; return False when it is gone."""
        return await patch_run(self._client, key, {}, hold.taken(key.kind), hold.resource_version)

    def tell(self, key: RunKey, reason: str, message: str, *, warning: bool = True) -> None:
        """Have an event left on a run, soon and if all goes well; nobody waits for it."""
        if self._events is not None:
            involved = Involved("tekton.dev/v1", key.kind, key.namespace, key.name, key.uid)
            self._events.note(involved, WARNING if warning else NORMAL, reason, message)

    async def told(self) -> None:
        """Wait until every event that is still to be left has been, or has been refused."""
        if self._events is not None:
            await self._events.drain()
