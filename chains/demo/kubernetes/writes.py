"""Creating and updating objects, from what a client sends to what is stored."""

from collections.abc import Callable
from dataclasses import dataclass

from chains.demo.kubernetes.checks import check_shape, forbidden_field, immutable, metadata_causes, required
from chains.demo.kubernetes.cluster import Cluster
from chains.demo.kubernetes.kinds import kind_causes, prepare
from chains.demo.kubernetes.managed_fields import Author, record_creation, record_update
from chains.demo.kubernetes.metadata import (
    carry_over,
    changed_stamps,
    count_generation,
    generated_name,
    identify,
    place,
    stamp_new,
)
from chains.demo.kubernetes.objects import Object, Version
from chains.demo.kubernetes.status import (
    Cause,
    already_exists,
    conflict,
    invalid,
    modified,
    not_found,
    storage_too_large,
    unexpected,
)
from chains.demo.kubernetes.targets import Target

NAME_TRIES = 8
OBJECT_LIMIT = 1536 * 1024

Change = Callable[[Object], Object]
"""From a copy of the object as it is to the object as it shall be."""


@dataclass(frozen=True, slots=True)
class Write:
    """One write: where, by whom, and whether it is only tried.

    `replaces` tells a PUT from a patch. `tracked` says that the change itself has written managedFields.
    """

    target: Target
    author: Author
    dry_run: bool = False
    replaces: bool = False
    tracked: bool = False


def create(cluster: Cluster, write: Write, new: Object) -> Version:
    """Create an object; with generateName, names are tried until one is free."""
    target, store = write.target, cluster.store(write.target.resource)
    identify(target, new)
    check_shape(new)
    metadata = new["metadata"]
    if metadata.get("resourceVersion", "0") not in ("", "0"):
        raise unexpected("resourceVersion should not be set on objects to be created")
    place(target, metadata)
    prefix = "" if metadata["name"] else metadata.get("generateName", "")
    for _ in range(NAME_TRIES if prefix else 1):
        metadata["name"] = generated_name(prefix) if prefix else metadata["name"]
        key = target.resource.key(target.namespace, metadata["name"])
        if store.get(key) is None:
            return _created(cluster, write, new)
    before = "object is being deleted: " if _is_going(store.get(key)) else ""
    raise already_exists(target.resource, metadata["name"], before)


def update(cluster: Cluster, write: Write, change: Change) -> Version:
    """Change an object that is there; what changes nothing is not stored.

    The last finalizer of an object marked for deletion ends it: the version returned is then no longer stored.
    """
    target = write.target
    live = cluster.store(target.resource).get(target.key)
    if live is None:
        raise not_found(target.resource, target.name)
    old, new = live.object, change(live.object)
    _check_preconditions(write, new, live)
    if not target.subresource:
        _check_stamps(target, new["metadata"], old["metadata"])
    carry_over(new["metadata"], old["metadata"])
    if target.subresource == "status":
        tracked = new["metadata"].get("managedFields")
        new = {**old, "metadata": dict(old["metadata"]), "status": new.get("status")}
        _set_or_drop(new["metadata"], "managedFields", tracked)
    elif target.resource.status == "separate":
        _set_or_drop(new, "status", old.get("status"))
    prepare(target.resource, new, old)
    _validate(write, new, old)
    if new == old:
        return live
    count_generation(target.resource, new, old)
    if not write.tracked:
        record_update(old, new, write.author)
    return _updated(cluster, write, new)


def _check_preconditions(write: Write, new: Object, live: Version) -> None:
    """Hold a new state against the one in force: identity, resourceVersion and uid."""
    target, resource = write.target, write.target.resource
    if not write.replaces and new.get("apiVersion") == resource.api_version:
        new["apiVersion"] = target.api_version
    identify(target, new)
    check_shape(new)
    metadata = new["metadata"]
    place(target, metadata)
    given, uid = metadata.get("resourceVersion", "0") or "0", metadata.get("uid") or live.uid
    if uid != live.uid and write.replaces:
        why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {live.uid}"
        raise conflict(resource, target.name, why)
    if given == "0" and not resource.unconditional_update:
        why = "Invalid value: 0: must be specified for an update"
        raise invalid(resource, target.name, [Cause("FieldValueInvalid", why, "metadata.resourceVersion")])
    if given not in ("0", str(live.revision)):
        raise modified(resource, target.name)
    # A patch of the status is laid over the metadata that is there, and a uid in it counts for nothing.
    if uid != live.uid and not target.subresource:
        raise invalid(resource, target.name, [immutable("metadata.uid", uid)])


def _check_stamps(target: Target, metadata: Object, old: Object) -> None:
    causes = [immutable(f"metadata.{field}", value) for field, value in changed_stamps(metadata, old)]
    if causes:
        raise invalid(target.resource, target.name, causes)


def _validate(write: Write, new: Object, old: Object | None) -> None:
    resource, metadata = write.target.resource, new["metadata"]
    if not metadata["name"]:
        causes = [required("metadata.name", "name or generateName is required")]
    else:
        causes = [*metadata_causes(metadata, resource.names), *kind_causes(resource, new, old)]
    if old is not None and "deletionTimestamp" in metadata:
        added = [each for each in metadata.get("finalizers", ()) if each not in old["metadata"].get("finalizers", ())]
        if added:
            why = f"no new finalizers can be added if the object is being deleted, found new finalizers {added}"
            causes.append(forbidden_field("metadata.finalizers", why))
    if causes:
        raise invalid(resource, metadata["name"], causes)


def _created(cluster: Cluster, write: Write, new: Object) -> Version:
    resource, metadata = write.target.resource, new["metadata"]
    stamp_new(resource, metadata, cluster.now())
    if resource.status == "separate":
        new.pop("status", None)
    prepare(resource, new, None)
    _validate(write, new, None)
    cluster.admit_namespace(resource, write.target.namespace, metadata["name"])
    record_creation(new, write.author)
    return _stored(cluster, write, new)


def _updated(cluster: Cluster, write: Write, new: Object) -> Version:
    resource, metadata = write.target.resource, new["metadata"]
    if "deletionTimestamp" not in metadata or metadata.get("finalizers"):
        return _stored(cluster, write, new)
    ended = cluster.store(resource).draft(new)
    if not write.dry_run:
        cluster.removed(resource, cluster.store(resource).remove(write.target.key))
    return ended


def _stored(cluster: Cluster, write: Write, new: Object) -> Version:
    resource, store = write.target.resource, cluster.store(write.target.resource)
    version = store.draft(new)
    if len(version.body) > OBJECT_LIMIT:
        raise storage_too_large()
    if not write.dry_run:
        store.put(version)
        cluster.stored(resource, version)
    return version


def _is_going(version: Version | None) -> bool:
    return version is not None and "deletionTimestamp" in version.object["metadata"]


def _set_or_drop(found: Object, field: str, value: object) -> None:
    if value is None:
        found.pop(field, None)
    else:
        found[field] = value
