"""OpenAPI v3, just enough for kubectl to leave the checking of fields to the server."""

from typing import Any

from chains.demo.kubernetes.resources import Catalogue, Resource

VERSION = {
    "major": "1",
    "minor": "33",
    "gitVersion": "v1.33.0+demo",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "2025-04-23T00:00:00Z",
    "goVersion": "",
    "compiler": "",
    "platform": "",
}
_QUERY = ("dryRun", "fieldManager", "fieldValidation", "force")

INFO = {"title": "Kubernetes", "version": VERSION["gitVersion"]}


def openapi(catalogue: Catalogue, steps: list[str]) -> dict[str, Any] | None:
    """Answer the index or one group's document, None where there is none; no schema says anything of its kind."""
    if not steps:
        groups = [f"apis/{name}/{version}" for name, held in catalogue.groups().items() for version in held]
        return {"paths": {name: {"serverRelativeURL": f"/openapi/v3/{name}"} for name in ("api/v1", *groups)}}
    group, version = ("", steps[1]) if steps[0] == "api" and len(steps) == 2 else ("", "")
    if steps[0] == "apis" and len(steps) == 3:
        group, version = steps[1:]
    found = catalogue.in_version(group, version)
    if not found:
        return None
    paths = {_object_path(each, version): {"patch": _patch_operation(each, version)} for each in found}
    schemas = {f"{group or 'core'}.{version}.{each.kind}": _schema(each, version) for each in found}
    return {"openapi": "3.0.0", "info": INFO, "paths": paths, "components": {"schemas": schemas}}


def _object_path(resource: Resource, version: str) -> str:
    root = f"/apis/{resource.group}/{version}" if resource.group else f"/api/{version}"
    return f"{root}{'/namespaces/{namespace}' if resource.namespaced else ''}/{resource.plural}/{{name}}"


def _patch_operation(resource: Resource, version: str) -> dict[str, Any]:
    parameters = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in _QUERY]
    responses = {"200": {"description": "OK"}}
    return {
        "parameters": parameters,
        "responses": responses,
        "x-kubernetes-group-version-kind": _kind(resource, version),
    }


def _schema(resource: Resource, version: str) -> dict[str, Any]:
    kinds = [_kind(resource, version)]
    return {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "x-kubernetes-group-version-kind": kinds}


def _kind(resource: Resource, version: str) -> dict[str, str]:
    return {"group": resource.group, "version": version, "kind": resource.kind}
