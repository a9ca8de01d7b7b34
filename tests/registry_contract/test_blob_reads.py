"""Reading and deleting blobs, the same in every registry."""

import pytest

from tests.registry_contract.builders import client, fresh_repository, sha256

CONTENT = b"0123456789"


async def test_a_blob_is_read_with_its_digest_and_length(registry_address: str) -> None:
    repository = fresh_repository()
    async with client(registry_address) as registry:
        digest = await registry.push_blob(repository, CONTENT)
        for method, body in (("GET", CONTENT), ("HEAD", b"")):
            answer = await registry.send(method, f"/v2/{repository}/blobs/{digest}")
            assert (answer.status, answer.body) == (200, body)
            assert answer.headers["Docker-Content-Digest"] == digest
            assert answer.headers["Content-Length"] == "10"
            assert answer.headers["Content-Type"] == "application/octet-stream"
            assert answer.headers["Etag"] == f'"{digest}"'


async def test_a_blob_that_is_not_there_is_unknown(registry_address: str) -> None:
    target = f"/v2/{fresh_repository()}/blobs/{sha256(b'absent')}"
    async with client(registry_address) as registry:
        answer = await registry.send("GET", target)
        assert (answer.status, answer.codes) == (404, ["BLOB_UNKNOWN"])
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
        assert (await registry.send("HEAD", target)).status == 404


async def test_a_blob_is_read_only_where_it_was_pushed(registry_address: str) -> None:
    async with client(registry_address) as registry:
        digest = await registry.push_blob(fresh_repository(), CONTENT)
        assert (await registry.send("GET", f"/v2/{fresh_repository()}/blobs/{digest}")).status == 404


async def test_a_manifest_is_not_a_blob(registry_address: str) -> None:
    repository = fresh_repository()
    async with client(registry_address) as registry:
        manifest = await registry.push_image(repository, "v1")
        assert (await registry.send("GET", f"/v2/{repository}/blobs/{sha256(manifest)}")).status == 404


@pytest.mark.parametrize("digest", ["sha256:abc", "md5:" + "a" * 32, "sha256:" + "A" * 64, "other:" + "a" * 64])
async def test_a_malformed_digest_is_refused(registry_address: str, digest: str) -> None:
    async with client(registry_address) as registry:
        answer = await registry.send("GET", f"/v2/{fresh_repository()}/blobs/{digest}")
        assert (answer.status, answer.codes) == (400, ["DIGEST_INVALID"])


@pytest.mark.parametrize(
    ("asked", "answered", "part"),
    [
        ("bytes=0-3", "bytes 0-3/10", CONTENT[:4]),
        ("bytes=2-", "bytes 2-9/10", CONTENT[2:]),
        ("bytes=-3", "bytes 7-9/10", CONTENT[7:]),
        ("bytes=8-100", "bytes 8-9/10", CONTENT[8:]),
        ("bytes=-100", "bytes 0-9/10", CONTENT),
    ],
)
async def test_a_range_of_a_blob_is_read(registry_address: str, asked: str, answered: str, part: bytes) -> None:
    repository = fresh_repository()
    async with client(registry_address) as registry:
        digest = await registry.push_blob(repository, CONTENT)
        answer = await registry.send("GET", f"/v2/{repository}/blobs/{digest}", headers={"Range": asked})
        assert (answer.status, answer.body) == (206, part)
        assert answer.headers["Content-Range"] == answered
        head = await registry.send("HEAD", f"/v2/{repository}/blobs/{digest}", headers={"Range": asked})
        assert (head.status, head.headers["Content-Length"]) == (206, str(len(part)))


@pytest.mark.parametrize("asked", ["bytes=20-30", "bytes=10-", "bytes=5-2", "junk", "bytes=-"])
async def test_a_range_outside_a_blob_is_refused(registry_address: str, asked: str) -> None:
    repository = fresh_repository()
    async with client(registry_address) as registry:
        digest = await registry.push_blob(repository, CONTENT)
        answer = await registry.send("GET", f"/v2/{repository}/blobs/{digest}", headers={"Range": asked})
        assert answer.status == 416


async def test_a_blob_that_the_client_has_is_not_sent_again(registry_address: str) -> None:
    repository = fresh_repository()
    async with client(registry_address) as registry:
        digest = await registry.push_blob(repository, CONTENT)
        target = f"/v2/{repository}/blobs/{digest}"
        kept = await registry.send("GET", target, headers={"If-None-Match": f'"{digest}"'})
        assert (kept.status, kept.body) == (304, b"")
        assert (await registry.send("GET", target, headers={"If-None-Match": '"other"'})).body == CONTENT


async def test_a_deleted_blob_is_gone_from_its_repository_only(registry_address: str) -> None:
    repository, other = fresh_repository(), fresh_repository()
    async with client(registry_address) as registry:
        digest = await registry.push_blob(repository, CONTENT)
        await registry.push_blob(other, CONTENT)
        target = f"/v2/{repository}/blobs/{digest}"
        assert (await registry.send("DELETE", target)).status == 202
        for method in ("DELETE", "GET"):
            answer = await registry.send(method, target)
            assert (answer.status, answer.codes) == (404, ["BLOB_UNKNOWN"])
        assert (await registry.send("GET", f"/v2/{other}/blobs/{digest}")).body == CONTENT


@pytest.mark.parametrize("method", ["PUT", "POST", "PATCH"])
async def test_a_blob_is_not_written_in_place(registry_address: str, method: str) -> None:
    async with client(registry_address) as registry:
        answer = await registry.send(method, f"/v2/{fresh_repository()}/blobs/{sha256(CONTENT)}", CONTENT)
        assert (answer.status, answer.headers["Allow"]) == (405, "DELETE, GET, HEAD")
