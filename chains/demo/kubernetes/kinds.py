"""What some built-in kinds do to an object on its way into storage."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from typing import Any

from chains.demo.kubernetes.checks import forbidden_field, immutable, is_text_map, required, too_long
from chains.demo.kubernetes.leases import lease_rules, prepare_lease
from chains.demo.kubernetes.objects import Object
from chains.demo.kubernetes.resources import CONFIG_MAPS, DEFINITIONS, EVENTS, LEASES, NAMESPACES, SECRETS, Resource
from chains.demo.kubernetes.status import Cause, bad_request

CONTENT_LIMIT = 1024 * 1024
_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}", re.ASCII)
_FILES = {"kubernetes.io/dockerconfigjson": ".dockerconfigjson", "kubernetes.io/dockercfg": ".dockercfg"}
_FINAL = "field is immutable when `immutable` is set"


def prepare(resource: Resource, new: Object, old: Object | None) -> None:
    """Fill in what the kind fills in; raise a BadRequest for what it cannot read."""
    step = _PREPARATIONS.get(resource.id)
    if step is not None:
        step(new, old)


def kind_causes(resource: Resource, new: Object, old: Object | None) -> Iterator[Cause]:
    """Yield what breaks the kind's own rules."""
    rules = _RULES.get(resource.id)
    return rules(new, old) if rules is not None else iter(())


def _prepare_secret(new: Object, _: Object | None) -> None:
    plain = new.pop("stringData", None) or {}
    held = new.get("data") or {}
    if not is_text_map(plain) or not is_text_map(held):
        raise bad_request("Secret cannot be handled: data and stringData must be maps of strings")
    for key, value in held.items():
        _decoded(key, value)
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in plain.items()}
    new["data"] = {**held, **encoded}
    _drop_empty(new, "data")
    new["type"] = new.get("type") or "Opaque"


def _drop_empty(new: Object, *fields: str) -> None:
    for field in fields:
        if field in new and not new[field]:
            del new[field]


def _decoded(key: str, value: str) -> bytes:
    try:
        return base64.b64decode("".join(value.split()), validate=True)
    except binascii.Error as error:
        raise bad_request(f"Secret cannot be handled: data.{key}: illegal base64 data: {error}") from error


def _prepare_config_map(new: Object, _: Object | None) -> None:
    held, binary = new.get("data") or {}, new.get("binaryData") or {}
    if not is_text_map(held) or not is_text_map(binary):
        raise bad_request("ConfigMap cannot be handled: data and binaryData must be maps of strings")
    for key, value in binary.items():
        _decoded(key, value)
    _drop_empty(new, "data", "binaryData")


def _prepare_namespace(new: Object, old: Object | None) -> None:
    labels = new["metadata"].get("labels", {})
    new["metadata"]["labels"] = {**labels, "kubernetes.io/metadata.name": new["metadata"]["name"]}
    new["spec"] = {**(new.get("spec") or {}), "finalizers": ["kubernetes"]}
    if old is None:
        new["status"] = {"phase": "Active"}


def _prepare_definition(new: Object, old: Object | None) -> None:
    """Establish a definition at once, as it is read when it is stored."""
    spec = new.get("spec")
    names = spec.get("names") if isinstance(spec, dict) else None
    versions = spec.get("versions") if isinstance(spec, dict) else None
    if not isinstance(names, dict) or not isinstance(versions, list):
        raise bad_request("CustomResourceDefinition cannot be handled: spec.names and spec.versions are needed")
    if not all(isinstance(each, dict) and isinstance(each.get("name"), str) for each in versions):
        raise bad_request("CustomResourceDefinition cannot be handled: every one of spec.versions needs a name")
    names.setdefault("listKind", f"{names.get('kind')}List")
    names.setdefault("singular", str(names.get("kind", "")).lower())
    stored = [each["name"] for each in versions if each.get("storage")]
    since = (old or new)["metadata"]["creationTimestamp"]
    conditions = [
        {"type": kind, "status": "True", "reason": reason, "message": "", "lastTransitionTime": since}
        for kind, reason in (("NamesAccepted", "NoConflicts"), ("Established", "InitialNamesAccepted"))
    ]
    new["status"] = {"acceptedNames": dict(names), "conditions": conditions, "storedVersions": stored}


def _secret_rules(new: Object, old: Object | None) -> Iterator[Cause]:
    held = new.get("data", {})
    yield from _content_rules(new, old, ("data",))
    if sum(len(_decoded(key, value)) for key, value in held.items()) > CONTENT_LIMIT:
        yield too_long("data", CONTENT_LIMIT)
    if old is not None and new["type"] != old.get("type"):
        yield immutable("type", new["type"])
    needed = _FILES.get(new["type"])
    if needed is not None and needed not in held:
        yield required(f"data[{needed}]", "")


def _config_map_rules(new: Object, old: Object | None) -> Iterator[Cause]:
    yield from _content_rules(new, old, ("data", "binaryData"))
    contents = (*(new.get("data") or {}).values(), *(new.get("binaryData") or {}).values())
    if sum(len(value.encode()) for value in contents) > CONTENT_LIMIT:
        yield too_long("", CONTENT_LIMIT)


def _content_rules(new: Object, old: Object | None, fields: tuple[str, ...]) -> Iterator[Cause]:
    for field in fields:
        for key in new.get(field) or {}:
            if not _KEY.fullmatch(key) or key in (".", ".."):
                why = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
                yield Cause("FieldValueInvalid", f'Invalid value: "{key}": {why}', f"{field}[{key}]")
    if old is not None and old.get("immutable"):
        if not new.get("immutable"):
            yield forbidden_field("immutable", _FINAL)
        yield from (forbidden_field(field, _FINAL) for field in fields if new.get(field) != old.get(field))


def _event_rules(new: Object, _: Object | None) -> Iterator[Cause]:
    """Hold an event to the namespace of what it is about; what has no namespace is told of in `default`."""
    involved = new.get("involvedObject")
    about = involved.get("namespace", "") if isinstance(involved, dict) else ""
    if (about or "default") != new["metadata"]["namespace"]:
        yield Cause(
            "FieldValueInvalid", f'Invalid value: "{about}": does not match event.namespace', "involvedObject.namespace"
        )


def _definition_rules(new: Object, _: Object | None) -> Iterator[Cause]:
    spec: dict[str, Any] = new["spec"]
    for field in ("plural", "kind"):
        if not isinstance(spec["names"].get(field), str) or not spec["names"][field]:
            yield required(f"spec.names.{field}", "")
    if not isinstance(spec.get("group"), str) or not spec["group"]:
        yield required("spec.group", "")
    elif new["metadata"]["name"] != f"{spec['names'].get('plural')}.{spec['group']}":
        yield Cause("FieldValueInvalid", 'Invalid value: must be spec.names.plural+"."+spec.group', "metadata.name")
    if spec.get("scope") not in ("Namespaced", "Cluster"):
        yield Cause(
            "FieldValueNotSupported", 'Unsupported value: supported values: "Cluster", "Namespaced"', "spec.scope"
        )
    if sum(bool(each.get("storage")) for each in spec["versions"]) != 1:
        why = "Invalid value: must have exactly one version marked as storage version"
        yield Cause("FieldValueInvalid", why, "spec.versions")


_PREPARATIONS: dict[tuple[str, str], Callable[[Object, Object | None], None]] = {
    SECRETS.id: _prepare_secret,
    CONFIG_MAPS.id: _prepare_config_map,
    NAMESPACES.id: _prepare_namespace,
    DEFINITIONS.id: _prepare_definition,
    LEASES.id: prepare_lease,
}

_RULES: dict[tuple[str, str], Callable[[Object, Object | None], Iterator[Cause]]] = {
    SECRETS.id: _secret_rules,
    CONFIG_MAPS.id: _config_map_rules,
    DEFINITIONS.id: _definition_rules,
    EVENTS.id: _event_rules,
    LEASES.id: lease_rules,
}
