"""Reaching into a cluster without HTTP, as builders of demos and tests do."""

from collections.abc import Mapping
from typing import Any

from chains.demo.kubernetes.cluster import Cluster
from chains.demo.kubernetes.managed_fields import Author
from chains.demo.kubernetes.objects import Object, decode, encode
from chains.demo.kubernetes.resources import NAMESPACES, Resource
from chains.demo.kubernetes.status import bad_request
from chains.demo.kubernetes.targets import Target
from chains.demo.kubernetes.writes import Write, create, update


def named_kind(cluster: Cluster, kind: str) -> Resource:
    """Return the resource of a kind; raise a BadRequest when none is served."""
    for resource in cluster.catalogue:
        if resource.kind == kind:
            return resource
    raise bad_request(f"no kind {kind!r} is served here")


def put_object(cluster: Cluster, found: Mapping[str, Any], manager: str) -> Object:
    """Create an object or replace the one of its name, whatever its resourceVersion; make its namespace if need be."""
    new = decode(encode(found))
    resource = cluster.catalogue.of_kind(str(new.get("apiVersion")), str(new.get("kind")))
    if resource is None:
        raise bad_request(f"no kind {new.get('kind')!r} of version {new.get('apiVersion')!r} is served here")
    metadata = new.setdefault("metadata", {})
    namespace = metadata.get("namespace", "default") if resource.namespaced else ""
    if namespace and cluster.store(NAMESPACES).get(namespace) is None:
        put_object(cluster, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}, manager)
    target = Target(resource, new["apiVersion"].rpartition("/")[2], namespace)
    author = Author(manager, "Update", target.api_version, cluster.now())
    live = cluster.store(resource).get(resource.key(namespace, metadata.get("name", "")))
    metadata.pop("resourceVersion", None)
    if live is None:
        return create(cluster, Write(target, author), new).object
    metadata |= {"resourceVersion": str(live.revision), "uid": live.uid}
    named = Target(resource, target.version, namespace, live.name)
    return update(cluster, Write(named, author, replaces=True), lambda _: new).object
