"""Runs by name and uid: read one as it is now, and leave annotations on it."""

from collections.abc import Mapping

import msgspec

from chains.errors import EdgeError, InputError
from chains.kube.client import KubeClient
from chains.kube.refusals import ConflictError, InvalidError
from chains.kube.resources import RUNS
from chains.kube.wire import Metadata, identity
from chains.runs.sighting import RunKey


async def read_run(client: KubeClient, key: RunKey) -> bytes | None:
    """Return the run's JSON, None when it is gone or another of its name has taken its place."""
    body = await client.get(_path(key))
    return body if body is not None and _metadata(body).uid == key.uid else None


async def patch_run(
    client: KubeClient,
    key: RunKey,
    annotations: Mapping[str, str | None],
    finalizers: tuple[str, ...] | None = None,
    resource_version: str = "",
) -> bool:
    """Set annotations (None removes one) in one merge patch that only fits the run of this uid.

    `finalizers` replaces the whole list, so it goes with the `resource_version` at which that list was read: when the
    run has changed since, ConflictError is raised. Returns False when that run is gone. Raises InvalidError when the
    API finds the run too big with them.
    """
    path = _path(key)
    metadata: dict[str, object] = {"uid": key.uid}
    if annotations:
        metadata["annotations"] = dict(annotations)
    if finalizers is not None:
        metadata |= {"finalizers": finalizers, "resourceVersion": resource_version}
    body = msgspec.json.encode({"metadata": metadata})
    try:
        return await client.merge_patch(path, body) is not None
    except (ConflictError, InvalidError):
        # API servers refuse a foreign uid with 422 or 409, which have other causes too.
        held = await client.get(path, metadata_only=True)
        if held is None or _metadata(held).uid != key.uid:
            return False
        raise


def _path(key: RunKey) -> str:
    resource = RUNS.get(key.kind)
    if resource is None:
        raise InputError(f"{key.kind!r} is not a kind of run: {' and '.join(RUNS)} are")
    return resource.path(key.namespace, key.name)


def _metadata(body: bytes) -> Metadata:
    try:
        return identity(body)
    except msgspec.DecodeError as error:
        raise EdgeError(
            f"the Kubernetes API answered with something other than a run: {error}", transient=True
        ) from error
