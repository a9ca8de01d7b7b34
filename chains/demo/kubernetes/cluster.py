"""Everything a cluster holds: its kinds, their objects and the count of revisions."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from chains.demo.kubernetes.definitions import resource_of
from chains.demo.kubernetes.history import History
from chains.demo.kubernetes.objects import Version
from chains.demo.kubernetes.resources import DEFINITIONS, NAMESPACES, Resource, catalogue
from chains.demo.kubernetes.status import Cause, forbidden, not_found
from chains.demo.kubernetes.storage import Revisions, Store

HISTORY = 10_000

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


class Cluster:
    """The state of a cluster, in memory only.

    Each resource remembers its last `history` events. There are no controllers: owners are not garbage-collected, a
    Deployment makes no pods, and no schema is checked. Two of a cluster's chores are done at once: deleting a namespace
    deletes what is in it, and storing a CustomResourceDefinition serves its kind, until the definition is deleted and
    with it the kind's objects, finalizers or not.
    """

    def __init__(self, resources: Iterable[Resource] = (), *, history: int = HISTORY, clock: Clock = utc_now) -> None:
        self.catalogue = catalogue(resources)
        self.revisions = Revisions()
        self._clock = clock
        self._history = history
        self._compacted = 0
        self._stores: dict[tuple[str, str], Store] = {}

    def now(self) -> str:
        """The time as objects tell it."""
        return self._clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def time(self) -> datetime:
        return self._clock()

    def store(self, resource: Resource) -> Store:
        """Return where a resource's objects lie."""
        held = self._stores.get(resource.id)
        if held is None:
            held = self._stores[resource.id] = Store(resource, self.revisions, History(self._history, self._compacted))
        return held

    def compact(self, revision: int | None = None) -> None:
        """Forget what was before a revision, or before now, as etcd does every few minutes."""
        self._compacted = max(self._compacted, self.revisions.current if revision is None else revision)
        for store in self._stores.values():
            store.history.compact(self._compacted)

    def admit_namespace(self, resource: Resource, namespace: str, name: str) -> None:
        """Refuse to create an object in a namespace that is not there or is going."""
        if not resource.namespaced:
            return
        held = self.store(NAMESPACES).get(namespace)
        if held is None:
            raise not_found(NAMESPACES, namespace)
        if b'"deletionTimestamp"' in held.metadata_json:
            why = f"unable to create new content in namespace {namespace} because it is being terminated"
            causes = [Cause("NamespaceTerminating", f"namespace {namespace} is being terminated", "metadata.namespace")]
            raise forbidden(resource, name, why, causes)

    def stored(self, resource: Resource, version: Version) -> None:
        """Do what follows from an object having been stored."""
        if resource.id != DEFINITIONS.id:
            return
        served = resource_of(version.object)
        self.catalogue.register(served)
        self.store(served).resource = served

    def removed(self, resource: Resource, version: Version) -> None:
        """Do what follows from an object having been removed."""
        if resource.id == DEFINITIONS.id:
            served = resource_of(version.object)
            self.catalogue.withdraw(served)
            store = self.store(served)
            for held in list(store.scan().found):
                store.remove(held.key)
        elif version.namespace:
            self.finish_namespace(version.namespace)

    def content(self, namespace: str) -> list[tuple[Resource, Version]]:
        """Return everything in a namespace."""
        inside = [store for store in self._stores.values() if store.resource.namespaced]
        return [(store.resource, version) for store in inside for version in store.scan(namespace).found]

    def finish_namespace(self, name: str) -> None:
        """Let a namespace go that was only waiting for its content to go."""
        namespaces = self.store(NAMESPACES)
        held = namespaces.get(name)
        if held is not None and b'"deletionTimestamp"' in held.metadata_json and not self.content(name):
            namespaces.remove(name)
