"""The life of the embedded registry, and what it offers besides its protocol."""

import asyncio
import json
import ssl
from pathlib import Path

import aiohttp
import pytest

from chains.demo.faults import Fault
from chains.demo.registry.server import RegistryServer
from chains.demo.registry.uploads import UPLOADS_LIMIT, Uploads
from chains.errors import InputError
from tests.demo_registry.builders import loopback_certificate
from tests.registry_contract.builders import OCI_INDEX, client, manifest, sha256, with_digest

REPOSITORY = "team/app"


async def test_an_image_is_pushed_without_a_request() -> None:
    async with RegistryServer() as server, client(server.address) as registry:
        reference = server.push_image(REPOSITORY, "seed", "v1")
        assert str(reference) == f"{server.address}/{REPOSITORY}@{reference.digest}"
        assert server.requests.total() == 0
        answer = await registry.manifest(REPOSITORY, "v1")
        assert sha256(answer.body) == str(reference.digest)
        document = json.loads(answer.body)
        config, layer = document["config"], document["layers"][0]
        for part in (config, layer):
            content = (await registry.send("GET", f"/v2/{REPOSITORY}/blobs/{part['digest']}")).body
            assert (sha256(content), len(content)) == (part["digest"], part["size"])
        assert json.loads(server.blob(config["digest"]))["rootfs"]["diff_ids"] == [layer["digest"]]


async def test_the_seed_decides_the_image() -> None:
    async with RegistryServer() as server:
        one, same, other = (server.push_image(REPOSITORY, seed) for seed in ("one", "one", "two"))
        assert one == same
        assert one != other


async def test_an_index_of_several_architectures_is_pushed_without_a_request() -> None:
    async with RegistryServer() as server, client(server.address) as registry:
        reference = server.push_index(REPOSITORY, "seed", ("amd64", "s390x"), tag="all")
        answer = await registry.manifest(REPOSITORY, "all", OCI_INDEX)
        assert sha256(answer.body) == str(reference.digest)
        children = json.loads(answer.body)["manifests"]
        assert [child["platform"]["architecture"] for child in children] == ["amd64", "s390x"]
        for child in children:
            config = json.loads(server.manifest(REPOSITORY, child["digest"]))["config"]
            assert json.loads(server.blob(config["digest"]))["architecture"] == child["platform"]["architecture"]


async def test_what_was_pushed_is_read_without_a_request() -> None:
    async with RegistryServer() as server, client(server.address) as registry:
        body = await registry.push_image(REPOSITORY, "v1")
        assert server.tags(REPOSITORY) == ("v1",)
        assert server.manifest(REPOSITORY, "v1") == server.manifest(REPOSITORY, sha256(body)) == body
        assert server.blob(sha256(b"a layer")) == b"a layer"


async def test_reading_what_is_not_there_says_so() -> None:
    async with RegistryServer() as server:
        assert server.tags("absent") == ()
        with pytest.raises(InputError, match="no manifest 'v1' in 'absent'"):
            server.manifest("absent", "v1")
        with pytest.raises(InputError, match="no blob"):
            server.blob(sha256(b"absent"))


async def test_a_blob_is_forgotten_with_its_last_link() -> None:
    async with RegistryServer() as server, client(server.address) as registry:
        digest = await registry.push_blob("one", b"content")
        await registry.push_blob("two", b"content")
        await registry.send("DELETE", f"/v2/one/blobs/{digest}")
        assert server.blob(digest) == b"content"
        await registry.send("DELETE", f"/v2/two/blobs/{digest}")
        with pytest.raises(InputError):
            server.blob(digest)


async def test_requests_are_counted_by_method_and_kind() -> None:
    async with RegistryServer() as server, client(server.address) as registry:
        await registry.push_image(REPOSITORY, "v1")
        await registry.send("OPTIONS", "/v2/")
        await registry.send("GET", "/elsewhere")
        assert server.requests == {
            ("POST", "start"): 2,
            ("PUT", "upload"): 2,
            ("PUT", "manifest"): 1,
            ("OTHER", "ping"): 1,
            ("GET", "unknown"): 1,
        }
        assert server.requests.total() == 7
        server.requests.reset()
        assert server.requests.total() == 0


async def test_every_answer_waits_for_the_latency() -> None:
    async with RegistryServer(latency=3600) as server, client(server.address) as registry:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(registry.send("GET", "/v2/"), 0.2)
        assert server.requests == {("GET", "ping"): 1}
        server.latency = 0.001
        assert (await registry.send("GET", "/v2/")).status == 200


async def test_faults_hit_requests() -> None:
    async with RegistryServer() as server, client(server.address) as registry:
        await registry.push_image(REPOSITORY, "v1")
        server.faults.add(Fault("GET", "/manifests/v1", status=503, headers={"Retry-After": "7"}, times=1))
        answer = await registry.manifest(REPOSITORY, "v1")
        assert (answer.status, answer.headers["Retry-After"]) == (503, "7")
        assert (await registry.manifest(REPOSITORY, "v1")).status == 200


@pytest.mark.parametrize(("cut", "kept"), [("before", False), ("after", True)])
async def test_a_connection_is_cut_before_or_after_the_write(cut: str, kept: bool) -> None:
    async with RegistryServer() as server, client(server.address) as registry:
        await registry.push_image(REPOSITORY, "v1")
        server.faults.add(Fault("PUT", "/manifests/v2", cut="before" if cut == "before" else "after"))
        with pytest.raises(aiohttp.ClientConnectionError):
            await registry.push_manifest(REPOSITORY, "v2", manifest())
        assert server.tags(REPOSITORY) == (("v1", "v2") if kept else ("v1",))


async def test_a_body_is_cut_in_the_middle() -> None:
    async with RegistryServer() as server, client(server.address) as registry:
        await registry.push_image(REPOSITORY, "v1")
        server.faults.add(Fault("GET", "/manifests/v1", cut="within"))
        with pytest.raises(aiohttp.ClientPayloadError):
            await registry.manifest(REPOSITORY, "v1")


async def test_a_push_that_the_client_breaks_off_leaves_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async with RegistryServer() as server, client(server.address) as registry:
        path = with_digest(await registry.start(REPOSITORY), sha256(b"0123456789")).partition(server.address)[2]
        host, port = server.address.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(f"PUT {path} HTTP/1.1\r\nHost: {server.address}\r\nContent-Length: 10\r\n\r\n01234".encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        assert await reader.read() == b""
        assert (await registry.send("HEAD", f"/v2/{REPOSITORY}/blobs/{sha256(b'0123456789')}")).status == 404
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_it_speaks_tls_and_says_so_in_its_locations(tmp_path: Path) -> None:
    certificate, key = loopback_certificate(tmp_path)
    served = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    served.load_cert_chain(certificate, key)
    trusted = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=certificate))
    async with RegistryServer(tls=served) as server, aiohttp.ClientSession(connector=trusted) as session:
        assert server.url == f"https://{server.address}"
        async with session.post(f"{server.url}/v2/{REPOSITORY}/blobs/uploads/") as answer:
            assert answer.headers["Location"].startswith(f"{server.url}/v2/{REPOSITORY}/blobs/uploads/")
        async with aiohttp.ClientSession() as stranger:
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await stranger.get(f"{server.url}/v2/")


async def test_two_registries_share_nothing() -> None:
    async with RegistryServer() as one, RegistryServer() as two:
        one.push_image(REPOSITORY, "seed", "v1")
        assert one.address != two.address
        assert two.tags(REPOSITORY) == ()


def test_the_oldest_upload_gives_way_when_there_are_too_many() -> None:
    uploads = Uploads()
    started = [uploads.start(REPOSITORY) for _ in range(UPLOADS_LIMIT + 1)]
    assert uploads.find(started[0].id) is None
    assert all(uploads.find(upload.id) for upload in started[1:])
