"""The lies that the embedded registry tells when asked to."""

import aiohttp
import pytest

from chains.demo.registry.lies import Lies
from chains.demo.registry.server import RegistryServer
from tests.registry_contract.builders import LAYER, OCI_MANIFEST, client, manifest, sha256

REPOSITORY = "team/app"
ELSEWHERE = "http://127.0.0.1:9"
OTHER = manifest(annotations={"a": "other"})


async def test_another_body_is_read_than_was_pushed() -> None:
    async with RegistryServer() as server, client(server.address) as registry:
        body = await registry.push_image(REPOSITORY, "v1")
        server.lies = Lies(bodies={sha256(body): b"{}", sha256(LAYER): b"another layer"})
        answer = await registry.manifest(REPOSITORY, "v1")
        assert (answer.status, answer.body) == (200, b"{}")
        assert (answer.headers["Docker-Content-Digest"], answer.headers["Content-Length"]) == (sha256(body), "2")
        assert (await registry.send("GET", f"/v2/{REPOSITORY}/blobs/{sha256(LAYER)}")).body == b"another layer"
        server.lies = None
        assert (await registry.manifest(REPOSITORY, "v1")).body == body


async def test_another_digest_is_claimed_than_is_true() -> None:
    async with RegistryServer() as server, client(server.address) as registry:
        body = await registry.push_image(REPOSITORY, "v1")
        server.lies = Lies(digests={sha256(body): sha256(b"other")})
        for method in ("GET", "HEAD"):
            answer = await registry.manifest(REPOSITORY, "v1", method=method)
            assert answer.headers["Docker-Content-Digest"] == sha256(b"other")


async def test_another_digest_is_claimed_on_head_alone() -> None:
    async with RegistryServer() as server, client(server.address) as registry:
        body = await registry.push_image(REPOSITORY, "v1")
        server.lies = Lies(head_digests={sha256(body): sha256(b"other")})
        digests = [
            (await registry.manifest(REPOSITORY, "v1", method=method)).headers["Docker-Content-Digest"]
            for method in ("GET", "HEAD")
        ]
        assert digests == [sha256(body), sha256(b"other")]


async def test_a_manifest_is_taken_and_lost() -> None:
    async with RegistryServer() as server, client(server.address) as registry:
        body = await registry.push_image(REPOSITORY, "v1")
        server.lies = Lies(lost_manifests=1)
        lost = await registry.push_manifest(REPOSITORY, "v1", OTHER)
        assert (lost.status, lost.headers["Docker-Content-Digest"]) == (201, sha256(OTHER))
        assert (await registry.manifest(REPOSITORY, "v1")).body == body
        assert (await registry.manifest(REPOSITORY, sha256(OTHER))).status == 404
        await registry.push_manifest(REPOSITORY, "v1", OTHER)
        assert (await registry.manifest(REPOSITORY, "v1")).body == OTHER


async def test_a_blob_is_taken_and_lost() -> None:
    async with RegistryServer() as server, client(server.address) as registry:
        server.lies = Lies(lost_blobs=1)
        target = f"/v2/{REPOSITORY}/blobs/{await registry.push_blob(REPOSITORY, LAYER)}"
        assert (await registry.send("HEAD", target)).status == 404
        await registry.push_blob(REPOSITORY, LAYER)
        assert (await registry.send("HEAD", target)).status == 200


async def test_a_tag_is_read_as_it_was_for_a_while() -> None:
    async with RegistryServer() as server, client(server.address) as registry:
        server.lies = Lies(stale_reads=2)
        body = await registry.push_image(REPOSITORY, "v1")
        assert [(await registry.manifest(REPOSITORY, "v1")).status for _ in range(3)] == [404, 404, 200]
        await registry.push_manifest(REPOSITORY, "v1", OTHER)
        assert (await registry.manifest(REPOSITORY, "v1", method="HEAD")).headers["Etag"] == f'"{sha256(body)}"'
        assert (await registry.manifest(REPOSITORY, sha256(OTHER))).body == OTHER
        assert [(await registry.manifest(REPOSITORY, "v1")).body for _ in range(2)] == [body, OTHER]


async def test_a_refused_write_makes_nothing_stale() -> None:
    async with RegistryServer() as server, client(server.address) as registry:
        body = await registry.push_image(REPOSITORY, "v1")
        server.lies = Lies(stale_reads=1)
        assert (await registry.push_manifest(REPOSITORY, "v1", b"{}")).status == 400
        assert (await registry.manifest(REPOSITORY, "v1")).body == body


async def test_blobs_are_said_to_be_elsewhere() -> None:
    async with RegistryServer() as server, client(server.address) as registry:
        digest = await registry.push_blob(REPOSITORY, LAYER)
        server.lies = Lies(blobs_at=ELSEWHERE)
        answer = await registry.send("GET", f"/v2/{REPOSITORY}/blobs/{digest}")
        assert (answer.status, answer.location) == (307, f"{ELSEWHERE}/v2/{REPOSITORY}/blobs/{digest}")


async def test_blobs_may_be_said_to_be_here_for_ever() -> None:
    async with RegistryServer() as server, aiohttp.ClientSession() as session:
        server.push_image(REPOSITORY, "seed")
        server.lies = Lies(blobs_at=server.url)
        with pytest.raises(aiohttp.TooManyRedirects):
            await session.get(f"{server.url}/v2/{REPOSITORY}/blobs/{sha256(LAYER)}", max_redirects=5)


async def test_uploads_are_sent_elsewhere() -> None:
    async with RegistryServer() as server, client(server.address) as registry:
        honest = await registry.start(REPOSITORY)
        server.lies = Lies(uploads_at=ELSEWHERE)
        assert (await registry.start(REPOSITORY)).startswith(f"{ELSEWHERE}/v2/{REPOSITORY}/blobs/uploads/")
        headers = {"Content-Type": "application/octet-stream"}
        assert (await registry.send("PATCH", honest, b"x", headers)).location.startswith(ELSEWHERE)


@pytest.mark.parametrize("kind", ["manifest", "blob"])
async def test_a_body_never_ends_and_the_server_stops_all_the_same(kind: str) -> None:
    async with aiohttp.ClientSession() as session:
        async with RegistryServer() as server:
            reference = server.push_image(REPOSITORY, "seed")
            path, digest = f"manifests/{reference.digest}", str(reference.digest)
            if kind == "blob":
                async with client(server.address) as registry:
                    digest = await registry.push_blob(REPOSITORY, LAYER)
                    path = f"blobs/{digest}"
            server.lies = Lies(endless=frozenset({digest}))
            url = f"http://{server.address}/v2/{REPOSITORY}/{path}"
            response = await session.get(url, headers={"Accept": OCI_MANIFEST})
            assert (response.status, "Content-Length" in response.headers) == (200, False)
            for _ in range(40):
                assert len(await response.content.readexactly(65536)) == 65536
        response.close()


async def test_a_body_stops_halfway_and_the_server_stops_all_the_same() -> None:
    async with aiohttp.ClientSession() as session:
        async with RegistryServer() as server, client(server.address) as registry:
            digest = await registry.push_blob(REPOSITORY, LAYER)
            server.lies = Lies(stalled=frozenset({digest}))
            url = f"http://{server.address}/v2/{REPOSITORY}/blobs/{digest}"
            async with session.head(url) as head:
                assert head.headers["Content-Length"] == str(len(LAYER))
            response = await session.get(url)
            assert await response.content.readexactly(len(LAYER) // 2) == LAYER[: len(LAYER) // 2]
        with pytest.raises(aiohttp.ClientError):
            await response.content.read()
        response.close()


async def test_every_answer_is_a_page() -> None:
    async with RegistryServer() as server, client(server.address) as registry:
        server.lies = Lies(page="<p>Please log in</p>")
        for method, path in (
            ("GET", "/v2/"),
            ("HEAD", "/v2/team/app/manifests/v1"),
            ("PUT", "/v2/team/app/manifests/v1"),
        ):
            answer = await registry.send(method, path)
            assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
