"""The four kinds of patches, each as a change to an object."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chains.demo.kubernetes.apply import apply
from chains.demo.kubernetes.checks import check_shape
from chains.demo.kubernetes.cluster import Cluster
from chains.demo.kubernetes.json_patch import apply_json_patch
from chains.demo.kubernetes.merge_patch import merge, strategic_merge
from chains.demo.kubernetes.objects import Object, Version
from chains.demo.kubernetes.status import (
    Cause,
    StatusError,
    bad_request,
    conflict,
    not_found,
    unprocessable,
    unsupported_media_type,
)
from chains.demo.kubernetes.targets import Target
from chains.demo.kubernetes.writes import Change, Write, create, update

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
PATCH_TYPES = (JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, APPLY_PATCH)


def patch(cluster: Cluster, write: Write, content_type: str, body: object) -> Version:
    """Patch an object that is there."""
    return update(cluster, write, _change(write, content_type, body))


def apply_patch(cluster: Cluster, write: Write, wanted: object, *, force: bool) -> tuple[Version, bool]:
    """Apply an object server-side; return what is stored, and whether it was created."""
    target = write.target
    applied = _within_subresource(target, _check_applied(wanted))
    write = replace(write, tracked=True)
    if cluster.store(target.resource).get(target.key) is not None:
        return update(cluster, write, lambda live: apply(live, applied, write.author, force=force)), False
    if target.subresource:
        raise not_found(target.resource, target.name)
    uid = applied["metadata"].get("uid")
    if uid:
        why = f"uid mismatch: the provided object specified uid {uid}, and no existing object was found"
        raise conflict(target.resource, target.name, why)
    return create(cluster, write, applied), True


def _change(write: Write, content_type: str, body: object) -> Change:
    if content_type == JSON_PATCH:
        return lambda live: _an_object(apply_json_patch(live, body))
    if not isinstance(body, dict):
        raise bad_request("the body of a patch must be an object")
    if content_type == MERGE_PATCH:
        return lambda live: _an_object(merge(live, body))
    resource = write.target.resource
    if content_type != STRATEGIC_PATCH or resource.custom:
        known = [each for each in PATCH_TYPES if each != STRATEGIC_PATCH or not resource.custom]
        raise unsupported_media_type(content_type, known)
    return lambda live: strategic_merge(live, body, resource.kind)


def _an_object(patched: Any) -> Object:
    if not isinstance(patched, dict):
        raise unprocessable("the patch leaves no object")
    try:
        check_shape(patched)
    except StatusError as error:
        raise unprocessable(f"what the patch leaves is invalid: {error}") from error
    return patched


def _check_applied(wanted: object) -> Object:
    if not isinstance(wanted, dict):
        raise bad_request("the body of an apply patch must be an object")
    applied: Object = wanted
    for field in ("apiVersion", "kind"):
        if not applied.get(field):
            raise bad_request(f"an apply patch must name its {field}")
    check_shape(applied)
    if applied["metadata"].get("managedFields"):
        raise bad_request("metadata.managedFields must be nil")
    applied["metadata"].pop("managedFields", None)
    return applied


def _within_subresource(target: Target, applied: Object) -> Object:
    """Leave out what a write to this path cannot set, so that nobody comes to own it."""
    if target.subresource == "status":
        return {field: applied[field] for field in ("apiVersion", "kind", "metadata", "status") if field in applied}
    if target.resource.status == "separate":
        return {field: value for field, value in applied.items() if field != "status"}
    return applied


def check_field_manager(query: Mapping[str, str]) -> None:
    """Raise an Invalid when an apply patch does not say who applies."""
    if not query.get("fieldManager"):
        cause = Cause("FieldValueRequired", "Required value: is required for apply patch", "fieldManager")
        message = 'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch'
        raise StatusError(422, "Invalid", message, details={"causes": [cause]})
