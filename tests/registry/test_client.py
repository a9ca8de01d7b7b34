"""The client against registries that answer well, badly, slowly, too much, or not at all."""

import asyncio
import gzip
import hashlib
import json

import pytest
from aiohttp import web

from chains.artifacts.reference import Digest, Repository
from chains.errors import EdgeError, InputError
from chains.hosts.errors import UnreadableError
from chains.registry.credential import Credential
from tests.registry.builders import NO_DIGEST, NOBODY, Offering, Script, client, dripping, scripted

BODY = b'{"schemaVersion":2}'
OCI = "application/vnd.oci.image.manifest.v1+json"


def digest_of(body: bytes) -> Digest:
    return Digest("sha256", hashlib.sha256(body).hexdigest())


def offering() -> Offering:
    return Offering(Credential("user", "hunter2"))


def answering(status: int = 200, body: bytes = b"", **headers: str) -> Script:
    async def script(_: web.BaseRequest) -> web.StreamResponse:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, body=body, headers=names)

    return script


async def test_a_manifest_comes_with_its_type_and_the_digest_of_its_bytes() -> None:
    async with scripted(answering(body=BODY, Content_Type=f"{OCI}; charset=utf-8")) as server, client() as registry:
        manifest = await registry.get_manifest(server.repository(), "v1", NOBODY)
    assert manifest is not None
    assert (manifest.body, manifest.media_type, manifest.digest) == (BODY, OCI, digest_of(BODY))
    assert server.seen == ["GET /v2/team/app/manifests/v1"]


async def test_a_missing_manifest_is_none() -> None:
    async with scripted(answering(404)) as server, client() as registry:
        assert await registry.get_manifest(server.repository(), "v1", NOBODY) is None
        assert await registry.resolve(server.repository(), "v1", NOBODY) is None


async def test_a_tag_resolves_to_the_digest_of_what_it_names() -> None:
    async with scripted(answering(body=BODY)) as server, client() as registry:
        assert await registry.resolve(server.repository(), "v1", NOBODY) == digest_of(BODY)


async def test_other_bytes_than_the_digest_asked_for_are_a_passing_trouble() -> None:
    async with scripted(answering(body=BODY)) as server, client() as registry:
        with pytest.raises(EdgeError, match="other bytes") as raised:
            await registry.get_manifest(server.repository(), digest_of(b"else"), NOBODY)
        assert raised.value.transient
        with pytest.raises(EdgeError, match="other bytes") as raised:
            await registry.get_blob(server.repository(), digest_of(b"else"), NOBODY)
        assert raised.value.transient


async def test_a_digest_header_that_disagrees_with_the_body_is_a_passing_trouble() -> None:
    async with scripted(answering(201, body=BODY, Docker_Content_Digest=NO_DIGEST)) as server, client() as registry:
        with pytest.raises(EdgeError, match="other bytes") as raised:
            await registry.put_manifest(server.repository(), "v1", BODY, OCI, NOBODY)
        assert raised.value.transient
    async with scripted(answering(body=BODY, Docker_Content_Digest=NO_DIGEST)) as server, client() as registry:
        with pytest.raises(EdgeError, match="other bytes") as raised:
            await registry.get_manifest(server.repository(), "v1", NOBODY)
        assert raised.value.transient


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
async def test_passing_troubles_are_transient_and_carry_the_wait_asked_for(status: int) -> None:
    async with scripted(answering(status, Retry_After="7")) as server, client() as registry:
        with pytest.raises(EdgeError, match=str(status)) as raised:
            await registry.get_manifest(server.repository(), "v1", NOBODY)
    assert raised.value.transient
    assert raised.value.retry_after == 7
    assert len(server.requests) == 1


async def test_a_blob_that_the_registry_took_and_lost_is_a_passing_trouble() -> None:
    said = json.dumps({"errors": [{"code": "MANIFEST_BLOB_UNKNOWN", "message": "blob unknown"}]}).encode()
    async with scripted(answering(404, said)) as server, client() as registry:
        with pytest.raises(EdgeError, match="has lost it") as raised:
            await registry.put_manifest(server.repository(), "v1", BODY, OCI, NOBODY)
    assert raised.value.transient


async def test_a_page_for_people_is_no_manifest_and_a_passing_trouble() -> None:
    page = answering(body=b"<html>", Content_Type="text/HTML; charset=utf-8")
    async with scripted(page) as server, client() as registry:
        with pytest.raises(EdgeError, match="a page of HTML") as raised:
            await registry.get_manifest(server.repository(), "v1", NOBODY)
    assert raised.value.transient


@pytest.mark.parametrize("status", [301, 400, 403, 405, 410, 413])
async def test_other_refusals_are_permanent_and_say_what_the_registry_said(status: int) -> None:
    said = json.dumps({"errors": [{"code": "MANIFEST_INVALID", "message": "too\x1b old"}]}).encode()
    async with scripted(answering(status, said)) as server, client() as registry:
        with pytest.raises(EdgeError, match=f"answered {status}") as raised:
            await registry.put_manifest(server.repository(), "v1", BODY, OCI, NOBODY)
    assert not raised.value.transient
    assert "\x1b" not in str(raised.value)
    assert ("MANIFEST_INVALID" in str(raised.value)) is (status >= 400)


async def test_a_blob_is_stored_by_post_and_put_at_a_relative_location() -> None:
    async def script(request: web.BaseRequest) -> web.StreamResponse:
        if request.method == "POST":
            return web.Response(status=202, headers={"Location": "/v2/team/app/blobs/uploads/1?_state=a%2Bb%3D"})
        return web.Response(status=201)

    async with scripted(script) as server, client() as registry:
        stored = await registry.put_blob(server.repository(), b"blob", NOBODY)
    assert (stored.digest, stored.size) == (digest_of(b"blob"), 4)
    assert server.seen == [
        "POST /v2/team/app/blobs/uploads/",
        f"PUT /v2/team/app/blobs/uploads/1?_state=a%2Bb%3D&digest={digest_of(b'blob')}",
    ]
    assert server.requests[1].body == b"blob"


async def test_a_lost_upload_is_a_passing_trouble() -> None:
    async def script(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=202 if request.method == "POST" else 404, headers={"Location": "x"})

    async with scripted(script) as server, client() as registry:
        with pytest.raises(EdgeError, match="lost an upload") as raised:
            await registry.put_blob(server.repository(), b"blob", NOBODY)
    assert raised.value.transient


@pytest.mark.parametrize("location", ["", "ftp://h/x", "http://u:p@localhost/x", "http://[::1", "http://h:0/"])
async def test_an_upload_location_that_is_no_plain_url_is_refused(location: str) -> None:
    async with scripted(answering(202, Location=location)) as server, client() as registry:
        with pytest.raises(EdgeError, match="it is refused") as raised:
            await registry.put_blob(server.repository(), b"blob", NOBODY)
    assert not raised.value.transient
    assert [request.method for request in server.requests] == ["POST"]


async def test_an_upload_goes_on_at_another_host_without_the_credential() -> None:
    async def script(request: web.BaseRequest) -> web.StreamResponse:
        if request.method == "PUT":
            return web.Response(status=201)
        if "Authorization" not in request.headers:
            return web.Response(status=401, headers={"WWW-Authenticate": "Basic"})
        return web.Response(status=202, headers={"Location": f"http://{server.other_host}/signed?x=1"})

    async with scripted(script) as server, client() as registry:
        await registry.put_blob(server.repository(), b"blob", offering())
    assert [bool(request.authorization) for request in server.requests] == [False, True, False]
    assert server.requests[-1].path.startswith("/signed?x=1&digest=sha256:")


async def test_a_blob_is_followed_to_another_host_without_the_credential() -> None:
    async def script(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/storage":
            return web.Response(body=b"blob")
        if "Authorization" not in request.headers:
            return web.Response(status=401, headers={"WWW-Authenticate": "Basic"})
        return web.Response(status=307, headers={"Location": f"http://{server.other_host}/storage"})

    async with scripted(script) as server, client() as registry:
        blob = await registry.get_blob(server.repository(), digest_of(b"blob"), offering())
    assert blob == b"blob"
    assert [bool(request.authorization) for request in server.requests] == [False, True, False]
    assert server.requests[-1].host == server.other_host


async def test_a_blob_is_followed_on_the_same_host_with_the_credential() -> None:
    async def script(request: web.BaseRequest) -> web.StreamResponse:
        if "Authorization" not in request.headers:
            return web.Response(status=401, headers={"WWW-Authenticate": "Basic"})
        if request.path == "/elsewhere":
            return web.Response(body=b"blob")
        return web.Response(status=302, headers={"Location": "/elsewhere"})

    async with scripted(script) as server, client() as registry:
        assert await registry.get_blob(server.repository(), digest_of(b"blob"), offering()) == b"blob"
    assert server.requests[-1].authorization


async def test_redirects_come_to_an_end() -> None:
    async with scripted(answering(307, Location="/round")) as server, client() as registry:
        with pytest.raises(EdgeError, match="more than 5 times") as raised:
            await registry.get_blob(server.repository(), digest_of(b""), NOBODY)
    assert not raised.value.transient
    assert len(server.requests) == 6


async def test_a_manifest_is_never_followed_elsewhere() -> None:
    async with scripted(answering(307, Location="/elsewhere")) as server, client() as registry:
        with pytest.raises(EdgeError, match="307"):
            await registry.get_manifest(server.repository(), "v1", NOBODY)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/latest", "http://metadata.google.internal/", "http://0.0.0.0/"]
)
async def test_a_redirect_to_a_refused_address_is_not_followed(target: str) -> None:
    async with scripted(answering(307, Location=target)) as server, client(insecure=True) as registry:
        with pytest.raises(EdgeError, match="no connection is made"):
            await registry.get_blob(server.repository(), digest_of(b""), NOBODY)


async def test_plain_http_to_a_host_elsewhere_is_not_followed() -> None:
    async with scripted(answering(307, Location="http://registry.example.com/x")) as server, client() as registry:
        with pytest.raises(EdgeError, match="not TLS"):
            await registry.get_blob(server.repository(), digest_of(b""), NOBODY)


@pytest.mark.parametrize("declared", [True, False])
async def test_bodies_larger_than_allowed_are_not_read(declared: bool) -> None:
    async def script(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        if declared:
            response.content_length = 3_000_000
        else:
            response.enable_chunked_encoding()
        await response.prepare(request)
        try:
            for _ in range(30):
                await response.write(b"x" * 100_000)
            await response.write_eof()
        except ConnectionError:
            pass
        return response

    async with scripted(script) as server, client(manifest=1000, blob=2000) as registry:
        with pytest.raises(UnreadableError, match="1000 bytes"):
            await registry.get_manifest(server.repository(), "v1", NOBODY)
        with pytest.raises(UnreadableError, match="2000 bytes"):
            await registry.get_blob(server.repository(), digest_of(b""), NOBODY, most=9999)
        with pytest.raises(UnreadableError, match="30 bytes"):
            await registry.get_blob(server.repository(), digest_of(b""), NOBODY, most=30)


async def test_a_compressed_body_is_not_blown_up() -> None:
    packed = gzip.compress(b"0" * 10_000_000)
    async with scripted(answering(body=packed, Content_Encoding="gzip")) as server, client() as registry:
        with pytest.raises(EdgeError, match="other bytes"):
            await registry.get_blob(server.repository(), digest_of(b"0" * 10_000_000), NOBODY)
        manifest = await registry.get_manifest(server.repository(), "v1", NOBODY)
    assert manifest is not None
    assert manifest.body == packed


async def test_a_long_error_page_is_cut_and_does_no_harm() -> None:
    async with scripted(answering(500, b"x" * 1_000_000)) as server, client() as registry:
        with pytest.raises(EdgeError, match="answered 500") as raised:
            await registry.get_manifest(server.repository(), "v1", NOBODY)
    assert raised.value.transient


async def test_a_silent_registry_is_given_up() -> None:
    done = asyncio.Event()

    async def script(_: web.BaseRequest) -> web.StreamResponse:
        await done.wait()
        return web.Response()

    async with scripted(script) as server, client(idle=0.05) as registry:
        with pytest.raises(EdgeError, match="in time") as raised:
            await registry.get_manifest(server.repository(), "v1", NOBODY)
        done.set()
    assert raised.value.transient


async def test_a_registry_that_drips_is_given_up() -> None:
    async def script(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x")
                await asyncio.sleep(0.01)
        except ConnectionError:
            return response

    async with scripted(script) as server, client(idle=5, total=0.2) as registry:
        with pytest.raises(EdgeError, match="in time") as raised:
            await registry.get_manifest(server.repository(), "v1", NOBODY)
    assert raised.value.transient


@pytest.mark.parametrize("drip", [b"", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: y"])
async def test_an_upload_that_is_never_taken_or_answered_is_given_up(drip: bytes) -> None:
    async with dripping(drip) as repository, client(idle=5, total=0.2) as registry:
        with pytest.raises(EdgeError, match="in time") as raised:
            await registry.put_manifest(repository, "v1", b"x" * 1_000_000, OCI, NOBODY)
    assert raised.value.transient


async def test_a_wait_for_a_connection_is_given_up() -> None:
    async with scripted(answering(404)) as server, client(total=0.05, connections=0) as registry:
        with pytest.raises(EdgeError, match="in time") as raised:
            await registry.get_manifest(server.repository(), "v1", NOBODY)
        assert registry.reach.breaker.states() == {}
    assert raised.value.transient
    assert server.requests == []


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\ngarbage",
        b"SMTP ready\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 999999 What\r\n\r\n",
    ],
)
async def test_broken_http_is_a_passing_trouble(answer: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, client(idle=2) as registry:
        with pytest.raises(EdgeError) as raised:
            await registry.get_manifest(Repository(f"127.0.0.1:{port}", "a/b"), "v1", NOBODY)
    assert raised.value.transient


async def test_a_refused_connection_and_an_unknown_name_are_passing_troubles() -> None:
    async with scripted(answering()) as server:
        gone = server.repository()
    async with client() as registry:
        for repository in (gone, Repository("registry.invalid", "a/b")):
            with pytest.raises(EdgeError, match="cannot be reached") as raised:
                await registry.get_manifest(repository, "v1", NOBODY)
            assert raised.value.transient
            assert "SSLContext" not in str(raised.value)


@pytest.mark.parametrize("tag", ["", "a/b", "..", "v1?x=y", "-v1", "a" * 129, "v1\n"])
async def test_a_tag_is_a_tag(tag: str) -> None:
    async with client() as registry:
        with pytest.raises(InputError, match="no tag"):
            await registry.get_manifest(Repository("registry.example.com", "a/b"), tag, NOBODY)


async def test_one_connection_serves_many_requests() -> None:
    peers: set[tuple[str, int]] = set()

    async def script(request: web.BaseRequest) -> web.StreamResponse:
        peers.add(request.transport.get_extra_info("peername"))
        return web.Response(status=404)

    async with scripted(script) as server, client() as registry:
        for _ in range(5):
            await registry.get_manifest(server.repository(), "v1", NOBODY)
    assert len(peers) == 1
