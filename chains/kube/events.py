"""Events: what `kubectl describe` shows of an object's history."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from chains.kube.client import KubeClient
from chains.kube.resources import EVENTS
from chains.runs.authors import FIELD_MANAGER

LONGEST_MESSAGE = 1024
LONGEST_NAME = 253
NORMAL = "Normal"
WARNING = "Warning"


@dataclass(frozen=True, slots=True)
class Involved:
    """The object that an event is about; `api_version` is such as `tekton.dev/v1`."""

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str


async def record_event(
    client: KubeClient,
    involved: Involved,
    type_: str,
    reason: str,
    message: str,
    *,
    count: int = 1,
    now: datetime | None = None,
) -> str:
    """Record an event, `NORMAL` or `WARNING`, in the object's namespace, and return its name.

    The reason is one CamelCase word, and `count` how often it happened.
    """
    moment = now or datetime.now(UTC)
    name = _name(involved, reason, message, moment)
    told = {"type": type_, "reason": reason, "message": cut(message), "count": count}
    body = msgspec.json.encode(_event(involved, name, _stamp(moment)) | told)
    await client.create(EVENTS.path(involved.namespace), body)
    return name


async def amend_event(client: KubeClient, namespace: str, name: str, message: str, count: int, now: datetime) -> bool:
    """Say in an event that it happened again, so often by now; return False when the API has forgotten it."""
    told = {"message": cut(message), "count": count, "lastTimestamp": _stamp(now)}
    return await client.merge_patch(EVENTS.path(namespace, name), msgspec.json.encode(told)) is not None


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _event(involved: Involved, name: str, stamp: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": involved.namespace},
        "involvedObject": {
            "apiVersion": involved.api_version,
            "kind": involved.kind,
            "namespace": involved.namespace,
            "name": involved.name,
            "uid": involved.uid,
        },
        "firstTimestamp": stamp,
        "lastTimestamp": stamp,
        "source": {"component": FIELD_MANAGER},
        "reportingComponent": FIELD_MANAGER,
        "reportingInstance": FIELD_MANAGER,
    }


def _name(involved: Involved, reason: str, message: str, moment: datetime) -> str:
    spoken = "\n".join((involved.uid, reason, message, moment.isoformat()))
    tail = "." + hashlib.sha256(spoken.encode("utf-8", "replace")).hexdigest()[:16]
    return involved.name[: LONGEST_NAME - len(tail)].rstrip("-.") + tail


def cut(message: str, limit: int = LONGEST_MESSAGE) -> str:
    """Cut a message at `limit` bytes of UTF-8, between characters."""
    encoded = message.encode("utf-8", "replace")
    if len(encoded) <= limit:
        return encoded.decode()
    return encoded[: limit - 3].decode("utf-8", "ignore") + "…"
