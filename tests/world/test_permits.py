"""Every write of the signing line asks for its permit right before it goes out; a read asks for none."""

from collections import Counter
from pathlib import Path

import pytest
from aiohttp import web

from chains.artifacts.reference import Repository
from chains.demo.listening import HOST, listening
from chains.demo.registry.server import RegistryServer
from chains.demo.rekor.server import RekorServer
from chains.errors import EdgeError
from chains.hosts.reach import Reach
from chains.kube.client import KubeClient
from chains.kube.resources import CONFIG_MAPS
from chains.registry.client import RegistryClient
from chains.registry.credentials import ChainedKeychain
from chains.rekor.log_key import LogKey
from chains.rekor.log_v1 import LogV1
from chains.rekor.log_v2 import LogV2
from tests.kube.embedded import cluster, config_map
from tests.rekor.builders import signed_image

NOBODY = ChainedKeychain()
PATH = CONFIG_MAPS.path("default", "one")


def forbid() -> None:
    raise EdgeError("not now", transient=True)


async def test_the_kubernetes_api_is_read_and_not_written(tmp_path: Path) -> None:
    async with cluster(tmp_path) as (server, _):
        client = await KubeClient.connect(str(tmp_path / "kubeconfig"), permit=forbid)
        try:
            assert await client.get(PATH) is None
            before = Counter(server.requests)
            for write in (
                client.create(CONFIG_MAPS.path("default"), b"{}"),
                client.replace(PATH, b"{}"),
                client.delete(PATH),
                client.merge_patch(PATH, b"{}"),
            ):
                with pytest.raises(EdgeError, match="not now"):
                    await write
            assert server.requests == before
        finally:
            await client.close()


async def test_a_write_asks_for_a_permit_and_a_read_for_none(tmp_path: Path) -> None:
    asked: list[str] = []
    async with cluster(tmp_path) as (server, _):
        await server.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "tekton-chains"}})
        await server.apply(config_map(a="1"))
        client = await KubeClient.connect(str(tmp_path / "kubeconfig"), permit=lambda: asked.append("asked"))
        try:
            path = CONFIG_MAPS.path("tekton-chains", "chains-config")
            assert await client.get(path)
            assert asked == []
            assert await client.merge_patch(path, b'{"data": {"a": "2"}}')
            assert asked
        finally:
            await client.close()


async def test_a_registry_is_read_and_not_written_and_is_not_blamed() -> None:
    async with RegistryServer() as server, RegistryClient(Reach(permit=forbid)) as client:
        there = Repository(server.address, "team/app")
        assert await client.get_manifest(there, "latest", NOBODY) is None
        for _ in range(10):
            with pytest.raises(EdgeError, match="not now"):
                await client.put_blob(there, b"layer", NOBODY)
            with pytest.raises(EdgeError, match="not now"):
                await client.put_manifest(there, "latest", b"{}", "application/json", NOBODY)
        assert await client.get_manifest(there, "latest", NOBODY) is None
        assert not client.reach.breaker.states()


@pytest.mark.parametrize("log", [LogV1, LogV2])
async def test_a_log_takes_nothing_and_is_not_blamed(log: type[LogV1 | LogV2]) -> None:
    async with RekorServer() as server:
        keys = (LogKey.from_pem(server.public_key),)
        async with log(server.url, keys, reach=Reach(permit=forbid)) as client:
            for _ in range(10):
                with pytest.raises(EdgeError, match="not now"):
                    await client.upload(await signed_image())
        assert server.log.tree.size == 0


@pytest.mark.parametrize(
    ("pod", "agent"), [("replica-1", "chains (replica-1)"), ("", "chains"), ("a\r\nb", "chains"), ("é", "chains")]
)
async def test_a_registry_is_told_which_replica_asks(pod: str, agent: str) -> None:
    seen: list[str] = []

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        seen.append(request.headers["User-Agent"])
        return web.Response(status=404)

    reach = Reach.from_environment({"POD_NAME": pod})
    async with listening(web.ServerRunner(web.Server(answer))) as port, RegistryClient(reach) as client:
        await client.get_manifest(Repository(f"{HOST}:{port}", "a"), "b", NOBODY)
    assert set(seen) == {agent}
