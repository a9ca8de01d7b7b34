"""What the server itself writes into an object's metadata."""

import secrets
import uuid
from collections.abc import Mapping
from typing import Any

from chains.demo.kubernetes.objects import Object
from chains.demo.kubernetes.resources import Resource
from chains.demo.kubernetes.status import bad_request
from chains.demo.kubernetes.targets import Target

_SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
_LONGEST_PREFIX = 58
_KEPT = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation")
_STAMPS = ("deletionTimestamp", "deletionGracePeriodSeconds")
_OUTSIDE_SPEC = frozenset({"metadata", "apiVersion", "kind"})


def generated_name(prefix: str) -> str:
    """Return a name that begins with `prefix`, as generateName asks for."""
    return prefix[:_LONGEST_PREFIX] + "".join(secrets.choice(_SUFFIX_LETTERS) for _ in range(5))


def identify(target: Target, found: Object) -> None:
    """Check that an object is what its path says, and bring it to the version that is stored."""
    resource = target.resource
    kind, api_version = found.get("kind"), found.get("apiVersion")
    if not kind and not api_version and not resource.custom:
        kind, api_version = resource.kind, target.api_version
    if not kind:
        raise bad_request("Object 'Kind' is missing in the object provided")
    if (kind, api_version) != (resource.kind, target.api_version):
        told = f"{kind} in version {str(api_version)!r}"
        raise bad_request(f"{told} cannot be handled as a {resource.kind} in version {target.api_version!r}")
    found |= {"apiVersion": resource.api_version, "kind": resource.kind}


def place(target: Target, metadata: Object) -> None:
    """Check that name and namespace are those of the path, and fill them in."""
    name, namespace = metadata.get("name", ""), metadata.get("namespace", "")
    if target.name and name and name != target.name:
        message = f"the name of the object ({name}) does not match the name on the URL ({target.name})"
        raise bad_request(message)
    if target.resource.namespaced and namespace not in ("", target.namespace):
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    metadata["name"] = target.name or name
    metadata.pop("namespace", None)
    if target.resource.namespaced:
        metadata["namespace"] = target.namespace


def stamp_new(resource: Resource, metadata: Object, now: str) -> None:
    """Give a new object its identity; what the client said of it does not count."""
    for field in (*_KEPT, "resourceVersion", "selfLink", "managedFields"):
        metadata.pop(field, None)
    metadata |= {"uid": str(uuid.uuid4()), "creationTimestamp": now}
    if resource.generation:
        metadata["generation"] = 1


def changed_stamps(metadata: Mapping[str, Any], old: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return what a client says otherwise of when an object goes; once it is going, only the grace is looked at."""
    looked_at = _STAMPS[1:] if "deletionTimestamp" in old else _STAMPS
    given = ((field, metadata[field]) for field in looked_at if metadata.get(field) is not None)
    return [(field, value) for field, value in given if value != old.get(field)]


def carry_over(metadata: Object, old: Mapping[str, Any]) -> None:
    """Keep what no client may change."""
    for field in (*_KEPT, "resourceVersion"):
        metadata.pop(field, None)
        if field in old:
            metadata[field] = old[field]


def count_generation(resource: Resource, new: Object, old: Object) -> None:
    """Raise the generation when something changed beyond metadata and, where it has a subresource, status."""
    if not resource.generation:
        return
    aside = _OUTSIDE_SPEC | ({"status"} if resource.status != "none" else frozenset())
    before = {field: value for field, value in old.items() if field not in aside}
    after = {field: value for field, value in new.items() if field not in aside}
    if before != after:
        new["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1


def mark_deletion(metadata: Object, now: str) -> None:
    """Mark an object that its finalizers keep from going."""
    metadata |= {"deletionTimestamp": now, "deletionGracePeriodSeconds": 0}
    if "generation" in metadata:
        metadata["generation"] += 1
