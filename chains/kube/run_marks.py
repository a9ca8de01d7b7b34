"""Runs by name and uid: read one as it is now, and leave annotations on it."""

from collections.abc import Mapping

import msgspec

from chains.errors import EdgeError, InputError
from chains.kube.client import KubeClient
from chains.kube.refusals import ConflictError, InvalidError
from chains.kube.resources import RUNS
from chains.kube.wire import Metadata, identity


async def read_run(client: KubeClient, kind: str, namespace: str, name: str, uid: str) -> bytes | None:
    """Return the run's JSON, None when it is gone or another of its name has taken its place."""
    body = await client.get(_path(kind, namespace, name))
    return body if body is not None and _metadata(body).uid == uid else None


async def patch_run(
    client: KubeClient, kind: str, namespace: str, name: str, uid: str, annotations: Mapping[str, str | None]
) -> bool:
    """Set annotations (None removes one) in one merge patch that only fits the run of this uid.

    Returns False when that run is gone. Raises InvalidError when the API finds the run too big with them.
    """
    path = _path(kind, namespace, name)
    body = msgspec.json.encode({"metadata": {"uid": uid, "annotations": dict(annotations)}})
    try:
        return await client.merge_patch(path, body) is not None
    except (ConflictError, InvalidError):
        # API servers refuse a foreign uid with 422 or 409, which have other causes too.
        held = await client.get(path, metadata_only=True)
        if held is None or _metadata(held).uid != uid:
            return False
        raise


def _path(kind: str, namespace: str, name: str) -> str:
    resource = RUNS.get(kind)
    if resource is None:
        raise InputError(f"{kind!r} is not a kind of run: {' and '.join(RUNS)} are")
    return resource.path(namespace, name)


def _metadata(body: bytes) -> Metadata:
    try:
        return identity(body)
    except msgspec.DecodeError as error:
        raise EdgeError(
            f"the Kubernetes API answered with something other than a run: {error}", transient=True
        ) from error
