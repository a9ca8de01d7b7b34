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
    now: datetime | None = None,
) -> None:
    """Record an event, `NORMAL` or `WARNING`, in the object's namespace; reason is one CamelCase word."""
    moment = now or datetime.now(UTC)
    body = msgspec.json.encode(_event(involved, type_, reason, message, moment))
    await client.create(EVENTS.path(involved.namespace), body)


def _event(involved: Involved, type_: str, reason: str, message: str, moment: datetime) -> dict[str, object]:
    stamp = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": _name(involved, reason, message, moment), "namespace": involved.namespace},
        "involvedObject": {
            "apiVersion": involved.api_version,
            "kind": involved.kind,
            "namespace": involved.namespace,
            "name": involved.name,
            "uid": involved.uid,
        },
        "type": type_,
        "reason": reason,
        "message": cut(message),
        "count": 1,
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
