"""What a cluster says of itself: versions, groups, and resources."""

from collections.abc import Iterable
from typing import Any

from chains.demo.kubernetes.openapi import INFO, VERSION, openapi
from chains.demo.kubernetes.resources import Catalogue, Resource

HEALTH = frozenset({"/healthz", "/livez", "/readyz"})
_VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
_STATUS_VERBS = ["get", "patch", "update"]


def discover(catalogue: Catalogue, path: str, host: str) -> dict[str, Any] | None:
    """Answer a path of discovery; None for a path that is none."""
    steps = [step for step in path.split("/") if step]
    if steps[:2] == ["openapi", "v3"]:
        return openapi(catalogue, steps[2:])
    if steps[:1] == ["apis"]:
        return _groups(catalogue, steps[1:])
    if steps[:1] == ["api"] and len(steps) == 2:
        return _resources(catalogue, "", steps[1])
    addresses = [{"clientCIDR": "0.0.0.0/0", "serverAddress": host}]
    fixed: dict[str, dict[str, Any]] = {
        "": {"paths": _paths(catalogue)},
        "version": VERSION,
        "api": {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": addresses},
        "openapi/v2": {"swagger": "2.0", "info": INFO, "paths": {}, "definitions": {}},
    }
    return fixed.get("/".join(steps))


def _groups(catalogue: Catalogue, steps: list[str]) -> dict[str, Any] | None:
    groups = catalogue.groups()
    if not steps:
        listed = [_group(name, versions) for name, versions in groups.items()]
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": listed}
    if steps[0] not in groups:
        return None
    if len(steps) == 1:
        return {"kind": "APIGroup", "apiVersion": "v1", **_group(steps[0], groups[steps[0]])}
    return _resources(catalogue, *steps) if len(steps) == 2 else None


def _group(name: str, versions: Iterable[str]) -> dict[str, Any]:
    listed = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def _resources(catalogue: Catalogue, group: str, version: str) -> dict[str, Any] | None:
    found = catalogue.in_version(group, version)
    if not found:
        return None
    listed = [entry for resource in found for entry in _entries(resource)]
    group_version = f"{group}/{version}" if group else version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": listed}


def _entries(resource: Resource) -> list[dict[str, Any]]:
    entry: dict[str, Any] = {
        "name": resource.plural,
        "singularName": resource.singular or resource.kind.lower(),
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": _VERBS,
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    if resource.status == "none":
        return [entry]
    status = {"name": f"{resource.plural}/status", "singularName": "", "namespaced": resource.namespaced}
    return [entry, {**status, "kind": resource.kind, "verbs": _STATUS_VERBS}]


def _paths(catalogue: Catalogue) -> list[str]:
    groups = [f"/apis/{name}" for name in catalogue.groups()]
    versions = [f"/apis/{name}/{version}" for name, held in catalogue.groups().items() for version in held]
    return sorted(["/api", "/api/v1", "/apis", "/openapi/v2", "/openapi/v3", "/version", *HEALTH, *groups, *versions])
