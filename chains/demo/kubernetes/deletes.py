"""Deleting objects: at once, or once their finalizers have gone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chains.demo.kubernetes.cluster import Cluster
from chains.demo.kubernetes.metadata import mark_deletion
from chains.demo.kubernetes.objects import Version
from chains.demo.kubernetes.resources import NAMESPACES, Resource
from chains.demo.kubernetes.selectors import Selector
from chains.demo.kubernetes.status import bad_request, conflict, forbidden, not_found
from chains.demo.kubernetes.targets import Target

_POLICIES = frozenset({None, "Orphan", "Background", "Foreground"})
_KEPT_NAMESPACES = frozenset({"default", "kube-system", "kube-public"})


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """What must hold of an object to be deleted; `dry_run` only tries it."""

    uid: str | None = None
    resource_version: str | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Deletion:
    """An object as its deletion left it: gone, or marked."""

    version: Version
    gone: bool


def read_options(body: Mapping[str, Any], query: Mapping[str, str]) -> DeleteOptions:
    """Read DeleteOptions from a body and a query; without a garbage collector each propagation policy is alike."""
    policy = body.get("propagationPolicy") or query.get("propagationPolicy")
    if policy not in _POLICIES:
        raise bad_request(f"invalid propagationPolicy {policy!r}: Orphan, Background and Foreground are known")
    conditions = body.get("preconditions") or {}
    if not isinstance(conditions, dict):
        raise bad_request("preconditions must be an object")
    return DeleteOptions(
        uid=conditions.get("uid"),
        resource_version=conditions.get("resourceVersion"),
        dry_run=bool(body.get("dryRun") or query.get("dryRun")),
    )


def delete(cluster: Cluster, target: Target, options: DeleteOptions) -> Deletion:
    """Delete an object; one with finalizers is marked, and goes with the last of them."""
    resource = target.resource
    live = cluster.store(resource).get(target.key)
    if live is None:
        raise not_found(resource, target.name)
    _check(target, live, options)
    if options.dry_run:
        return Deletion(live, gone=True)
    if resource.id == NAMESPACES.id:
        return Deletion(_delete_namespace(cluster, live), gone=False)
    return _delete(cluster, resource, live)


def delete_collection(cluster: Cluster, target: Target, selector: Selector, options: DeleteOptions) -> list[Version]:
    """Delete the objects that are chosen and return what became of them."""
    chosen = [held for held in cluster.store(target.resource).scan(target.namespace).found if selector.matches(held)]
    for held in chosen:
        _check(target, held, options)
    if options.dry_run:
        return chosen
    return [_delete(cluster, target.resource, held).version for held in chosen]


def _check(target: Target, live: Version, options: DeleteOptions) -> None:
    if options.uid not in (None, live.uid):
        why = f"Precondition failed: UID in precondition: {options.uid}, UID in object meta: {live.uid}"
        raise conflict(target.resource, live.name, why)
    if options.resource_version not in (None, str(live.revision)):
        why = (
            f"Precondition failed: ResourceVersion in precondition: {options.resource_version}, "
            f"ResourceVersion in object meta: {live.revision}"
        )
        raise conflict(target.resource, live.name, why)


def _delete(cluster: Cluster, resource: Resource, live: Version) -> Deletion:
    store = cluster.store(resource)
    found = live.object
    if not found["metadata"].get("finalizers"):
        gone = store.remove(live.key)
        cluster.removed(resource, gone)
        return Deletion(gone, gone=True)
    if "deletionTimestamp" in found["metadata"]:
        return Deletion(live, gone=False)
    mark_deletion(found["metadata"], cluster.now())
    marked = store.draft(found)
    store.put(marked)
    return Deletion(marked, gone=False)


def _delete_namespace(cluster: Cluster, live: Version) -> Version:
    """Mark a namespace, delete what is in it, and let it go when nothing was held by finalizers."""
    if live.name in _KEPT_NAMESPACES:
        raise forbidden(NAMESPACES, live.name, "this namespace may not be deleted")
    found = live.object
    if "deletionTimestamp" in found["metadata"]:
        return live
    mark_deletion(found["metadata"], cluster.now())
    marked = cluster.store(NAMESPACES).draft({**found, "status": {"phase": "Terminating"}})
    cluster.store(NAMESPACES).put(marked)
    for resource, held in cluster.content(live.name):
        _delete(cluster, resource, held)
    cluster.finish_namespace(live.name)
    return marked
