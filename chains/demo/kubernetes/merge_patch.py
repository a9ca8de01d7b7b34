"""JSON merge patches (RFC 7396) and the strategic merge patches of built-in kinds."""

from collections.abc import Mapping
from typing import Any

from chains.demo.kubernetes.objects import Object
from chains.demo.kubernetes.status import bad_request

MERGE_KEYS = {
    "conditions": "type",
    "containers": "name",
    "env": "name",
    "ephemeralContainers": "name",
    "hostAliases": "ip",
    "imagePullSecrets": "name",
    "initContainers": "name",
    "ownerReferences": "uid",
    "resourceClaims": "name",
    "secrets": "name",
    "topologySpreadConstraints": "topologyKey",
    "volumeDevices": "devicePath",
    "volumeMounts": "mountPath",
    "volumes": "name",
}
"""Lists of built-in kinds that merge item by item, by the field that tells items apart."""

_PORT_KEYS = {"Service": "port"}
_ORDER, _DELETE_FROM, _PATCH, _RETAIN = "$setElementOrder/", "$deleteFromPrimitiveList/", "$patch", "$retainKeys"


def merge(target: object, patch: object) -> Any:
    """Return a target merged with a patch as RFC 7396 has it; the target stays as it is."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged


def strategic_merge(target: Mapping[str, Any], patch: Mapping[str, Any], kind: str) -> Object:
    """Return an object merged as its kind's merge keys and the patch's `$` directives say."""
    return _merge_maps(target, patch, kind)


def _merge_maps(target: Mapping[str, Any], patch: Mapping[str, Any], kind: str) -> Object:
    if patch.get(_PATCH) == "replace":
        return _plain_map(patch)
    merged = dict(target)
    for key, value in patch.items():
        if key.startswith("$"):
            continue
        if value is None or (isinstance(value, dict) and value.get(_PATCH) == "delete"):
            merged.pop(key, None)
        else:
            merged[key] = _merged(key, merged.get(key), value, kind)
    for directive, listed in patch.items():
        _obey(merged, directive, listed, kind)
    return merged


def _merged(key: str, target: object, value: Any, kind: str) -> Any:
    if isinstance(value, dict):
        return _merge_maps(target if isinstance(target, dict) else {}, value, kind)
    if not isinstance(value, list):
        return value
    held = target if isinstance(target, list) else []
    if key == "finalizers":
        return [*held, *(each for each in value if each not in held)]
    merge_key = _merge_key(key, kind)
    return _merge_lists(held, value, merge_key, kind) if merge_key else _plain(value)


def _merge_key(key: str, kind: str) -> str | None:
    return _PORT_KEYS.get(kind, "containerPort") if key == "ports" else MERGE_KEYS.get(key)


def _merge_lists(target: list[Any], patch: list[Any], merge_key: str, kind: str) -> list[Any]:
    if any(isinstance(each, dict) and each.get(_PATCH) == "replace" and merge_key not in each for each in patch):
        return [_plain(each) for each in patch if merge_key in each]
    merged = {each[merge_key]: each for each in target if isinstance(each, dict) and merge_key in each}
    for each in patch:
        if not isinstance(each, dict) or merge_key not in each:
            raise bad_request(f"an item of a list in the strategic merge patch lacks its merge key {merge_key!r}")
        name = each[merge_key]
        if each.get(_PATCH) == "delete":
            merged.pop(name, None)
        else:
            merged[name] = _merge_maps(merged.get(name, {}), each, kind)
    return list(merged.values())


def _obey(merged: Object, directive: str, listed: Any, kind: str) -> None:
    """Do what a `$` directive says to a merged map."""
    if directive == _RETAIN:
        for key in set(merged) - set(listed):
            del merged[key]
    elif directive.startswith(_DELETE_FROM):
        key = directive.removeprefix(_DELETE_FROM)
        merged[key] = [each for each in merged.get(key, []) if each not in listed]
    elif directive.startswith(_ORDER):
        key = directive.removeprefix(_ORDER)
        merged[key] = _ordered(merged.get(key, []), listed, _merge_key(key, kind))


def _ordered(found: list[Any], order: list[Any], merge_key: str | None) -> list[Any]:
    """Put what an order names in that order, and after it what it does not name."""
    names = [each.get(merge_key) if isinstance(each, dict) else each for each in order]
    places = {name: place for place, name in enumerate(names)}

    def place(each: Any) -> int:
        return places.get(each.get(merge_key) if isinstance(each, dict) else each, len(places))

    return sorted(found, key=place)


def _plain(value: Any) -> Any:
    """Drop nulls and directives, which mean nothing where there is nothing to merge with."""
    if isinstance(value, dict):
        return _plain_map(value)
    return [_plain(each) for each in value] if isinstance(value, list) else value


def _plain_map(value: Mapping[str, Any]) -> Object:
    return {key: _plain(each) for key, each in value.items() if each is not None and not key.startswith("$")}
