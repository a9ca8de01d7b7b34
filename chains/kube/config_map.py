"""One ConfigMap: read once, or followed."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass

import msgspec

from chains.errors import EdgeError
from chains.kube.client import KubeClient
from chains.kube.resources import CONFIG_MAPS
from chains.kube.watch import Disconnected, Pace, Synced, follow
from chains.kube.wire import Change, Metadata, decoded


@dataclass(frozen=True, slots=True)
class ConfigMapVersion:
    """What a ConfigMap holds at one version; `data` is None when there is no such ConfigMap."""

    data: Mapping[str, str] | None
    resource_version: str


class _ConfigMap(msgspec.Struct, frozen=True):
    metadata: Metadata = Metadata()
    data: dict[str, str] | None = None


_config_maps = msgspec.json.Decoder(_ConfigMap)


async def read_config_map(client: KubeClient, namespace: str, name: str) -> Mapping[str, bytes]:
    """Return a ConfigMap's entries; raise EdgeError when it does not exist."""
    body = await client.get(CONFIG_MAPS.path(namespace, name))
    if body is None:
        raise EdgeError(f"the ConfigMap {namespace}/{name} does not exist", transient=False)
    held = decoded(_config_maps, body, "a ConfigMap").data or {}
    return {entry: text.encode() for entry, text in held.items()}


async def follow_config_map(
    client: KubeClient, namespace: str, name: str, pace: Pace | None = None
) -> AsyncGenerator[ConfigMapVersion | Disconnected, None]:
    """Yield the ConfigMap as it is, then each new version, its absence too; `Disconnected` while it cannot be had.

    A version is yielded once, however often the connection is made anew. Close the iterator.
    """
    latest: ConfigMapVersion | None = None
    listed: ConfigMapVersion | None = None
    followed = follow(client, CONFIG_MAPS, namespace=namespace, field_selector=f"metadata.name={name}", pace=pace)
    async with aclosing(followed):
        async for seen in followed:
            match seen:
                case Disconnected():
                    listed = None
                    yield seen
                    continue
                case Change():
                    listed = _version(seen)
                case Synced() if listed is None:
                    listed = ConfigMapVersion(None, seen.resource_version)
            if listed is not None and _news(listed, latest):
                latest = listed
                yield listed


def _version(change: Change) -> ConfigMapVersion:
    held = decoded(_config_maps, change.object, "a ConfigMap")
    data = None if change.type == "DELETED" else held.data or {}
    return ConfigMapVersion(data, held.metadata.resource_version)


def _news(now: ConfigMapVersion, before: ConfigMapVersion | None) -> bool:
    if before is None:
        return True
    if now.data is None:
        return before.data is not None
    return now.resource_version != before.resource_version
