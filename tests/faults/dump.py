"""Everything that an API and a registry hold, read over plain HTTP with no code of ours."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import aiohttp

AGENT = "checker"
_KINDS = {"TaskRun": "taskruns", "PipelineRun": "pipelineruns"}
_ACCEPT = ", ".join(
    (
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)


@dataclass(frozen=True)
class Tag:
    """One tag of a repository and the manifest under it, decoded."""

    repository: str
    name: str
    manifest: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.repository}:{self.name}"


@dataclass(frozen=True)
class Dump:
    """The runs by kind and name, the tags that cosign writes, and the blobs these name, by digest."""

    runs: dict[tuple[str, str], dict[str, Any]]
    events: list[dict[str, Any]]
    tags: list[Tag] = field(default_factory=list)
    blobs: dict[str, bytes] = field(default_factory=dict)


async def dump(api: str, registry: str) -> Dump:
    """Read all runs and events, and every `.sig` and `.att` tag with its config and layers."""
    async with aiohttp.ClientSession(headers={"User-Agent": AGENT}) as session:
        runs = {
            (kind, item["metadata"]["name"]): item
            for kind, plural in _KINDS.items()
            for item in (await _json(session, f"{api}/apis/tekton.dev/v1/{plural}"))["items"]
        }
        events = (await _json(session, f"{api}/api/v1/events"))["items"]
        tags = await _tags(session, registry)
        wanted = {(tag.repository, one["digest"]) for tag in tags for one in _named(tag.manifest)}
        found = await asyncio.gather(*(_blob(session, registry, *one) for one in sorted(wanted)))
    return Dump(runs, events, tags, dict(found))


def _named(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    return [manifest["config"], *manifest["layers"]]


async def _tags(session: aiohttp.ClientSession, registry: str) -> list[Tag]:
    found = []
    for repository in (await _json(session, f"{registry}/v2/_catalog"))["repositories"]:
        listed = (await _json(session, f"{registry}/v2/{repository}/tags/list"))["tags"] or []
        for name in listed:
            if name.endswith((".sig", ".att")):
                manifest = await _json(session, f"{registry}/v2/{repository}/manifests/{name}", _ACCEPT)
                found.append(Tag(repository, name, manifest))
    return found


async def _blob(session: aiohttp.ClientSession, registry: str, repository: str, digest: str) -> tuple[str, bytes]:
    async with session.get(f"{registry}/v2/{repository}/blobs/{digest}") as response:
        return digest, await response.read() if response.status == 200 else b""


async def _json(session: aiohttp.ClientSession, url: str, accept: str = "application/json") -> Any:
    async with session.get(url, headers={"Accept": accept}) as response:
        if response.status == 404 and url.endswith("/tags/list"):
            return {"tags": []}
        assert response.status == 200, (url, response.status)
        return json.loads(await response.read())
