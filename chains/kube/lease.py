"""One Lease as the Kubernetes API keeps it: read, made, and replaced where nobody else did so first."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import msgspec

from chains.kube.client import KubeClient
from chains.kube.refusals import ConflictError
from chains.kube.resources import LEASES
from chains.kube.wire import decoded

LEASE_PREFIX = "tekton-chains-controller"
WANTED_BY = "chains.tekton.dev/wanted-by"
_Object = dict[str, msgspec.Raw]


@dataclass(frozen=True, slots=True)
class Lease:
    """Who holds what, as the record says; times are the holder's own, and nobody judges by them.

    `seconds` is how long others are asked to wait after a renewal, `wanted_by` who asked the holder for it, and
    `kept` the object that this was read from.
    """

    holder: str = ""
    seconds: int = 0
    acquired: str = ""
    renewed: str = ""
    transitions: int = 0
    wanted_by: str = ""
    kept: Mapping[str, msgspec.Raw] | None = None

    @property
    def sign_of_life(self) -> tuple[str, str, str, int]:
        """What changes with every renewal, and with nothing else."""
        return self.holder, self.acquired, self.renewed, self.transitions


class _Spec(msgspec.Struct, frozen=True, rename="camel"):
    holder_identity: str | None = None
    lease_duration_seconds: int | None = None
    acquire_time: str | None = None
    renew_time: str | None = None
    lease_transitions: int | None = None


class _Metadata(msgspec.Struct, frozen=True):
    annotations: dict[str, str] | None = None


class _Lease(msgspec.Struct, frozen=True):
    metadata: _Metadata = _Metadata()
    spec: _Spec = _Spec()


_leases = msgspec.json.Decoder(_Lease)
_objects = msgspec.json.Decoder(_Object)


class LeaseClient:
    """The Leases of one namespace."""

    def __init__(self, client: KubeClient, namespace: str) -> None:
        self._client = client
        self._namespace = namespace

    async def get(self, name: str) -> Lease | None:
        """Return a Lease as it is now, None where there is none."""
        body = await self._client.get(LEASES.path(self._namespace, name))
        return None if body is None else _read(body)

    async def create(self, name: str, lease: Lease) -> Lease | None:
        """Make a Lease; return None where there is one already."""
        made = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": name, "namespace": self._namespace},
            "spec": _spec(lease, {}),
        }
        try:
            return _read(await self._client.create(LEASES.path(self._namespace), msgspec.json.encode(made)))
        except ConflictError:
            return None

    async def replace(self, name: str, lease: Lease) -> Lease | None:
        """Write a Lease over the one that it was read from; return None where that has changed or is gone."""
        kept = dict(lease.kept or {})
        metadata = msgspec.json.decode(kept["metadata"], type=_Object)
        annotations = msgspec.json.decode(metadata.get("annotations", b"{}"), type=dict[str, str] | None) or {}
        annotations.pop(WANTED_BY, None)
        if lease.wanted_by:
            annotations[WANTED_BY] = lease.wanted_by
        spec = msgspec.json.decode(kept.get("spec", b"{}"), type=_Object | None) or {}
        changed: dict[str, object] = {**metadata, "annotations": annotations}
        made: dict[str, object] = {**kept, "metadata": changed, "spec": _spec(lease, spec)}
        try:
            body = await self._client.replace(LEASES.path(self._namespace, name), msgspec.json.encode(made))
        except ConflictError:
            return None
        return None if body is None else _read(body)


def lease_names(prefix: str, buckets: int) -> tuple[str, ...]:
    """Return the names of the buckets' Leases, numbered as knative numbers them."""
    return tuple(f"{prefix}.{number:02d}-of-{buckets:02d}" for number in range(buckets))


def micro_time(seconds: float) -> str:
    """Write a moment, in seconds since 1970, as the API's MicroTime."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _spec(lease: Lease, known: Mapping[str, msgspec.Raw]) -> dict[str, object]:
    """Write what is ours of a spec over what is known of it."""
    return {
        **known,
        "holderIdentity": lease.holder,
        "leaseDurationSeconds": lease.seconds,
        "acquireTime": lease.acquired or None,
        "renewTime": lease.renewed or None,
        "leaseTransitions": lease.transitions,
    }


def _read(body: bytes) -> Lease:
    found = decoded(_leases, body, "a Lease")
    spec = found.spec
    read = Lease(
        spec.holder_identity or "",
        spec.lease_duration_seconds or 0,
        spec.acquire_time or "",
        spec.renew_time or "",
        spec.lease_transitions or 0,
        (found.metadata.annotations or {}).get(WANTED_BY, ""),
    )
    return replace(read, kept=decoded(_objects, body, "a Lease"))
