"""Pushing blobs, the same in every registry."""

import hashlib

import pytest

from tests.registry_contract.builders import OCTETS, client, fresh_repository, sha256, with_digest

CONTENT = b"0123456789"


async def test_a_registry_says_that_it_speaks_the_protocol(registry_address: str) -> None:
    async with client(registry_address) as registry:
        answer = await registry.send("GET", "/v2/")
        assert (answer.status, answer.body) == (200, b"{}")
        assert answer.headers["Docker-Distribution-Api-Version"] == "registry/2.0"
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
        assert (await registry.send("HEAD", "/v2/")).status == 200


async def test_paths_without_their_last_slash_are_sent_to_it(registry_address: str) -> None:
    async with client(registry_address) as registry:
        for method, path in (("GET", "/v2"), ("POST", "/v2/team/app/blobs/uploads")):
            answer = await registry.send(method, path)
            assert (answer.status, answer.location) == (301, f"{path}/")


@pytest.mark.parametrize("path", ["/v1/", "/v2/team", "/v2/team/app/", "/v2/team/app/manifests/", "/v2/tags/list"])
async def test_a_path_outside_the_protocol_is_not_there(registry_address: str, path: str) -> None:
    async with client(registry_address) as registry:
        assert (await registry.send("GET", path)).status in (301, 400, 404)


async def test_a_blob_is_pushed_with_post_and_put(registry_address: str) -> None:
    repository, digest = fresh_repository(), sha256(CONTENT)
    async with client(registry_address) as registry:
        opened = await registry.send("POST", f"/v2/{repository}/blobs/uploads/")
        assert (opened.status, opened.body, opened.headers["Range"]) == (202, b"", "0-0")
        assert opened.headers["Docker-Upload-UUID"] in opened.location
        assert opened.location.startswith(f"http://{registry_address}/v2/{repository}/blobs/uploads/")

        stored = await registry.send("PUT", with_digest(opened.location, digest), CONTENT)
        assert (stored.status, stored.body) == (201, b"")
        assert stored.headers["Docker-Content-Digest"] == digest
        assert stored.location == f"http://{registry_address}/v2/{repository}/blobs/{digest}"
        assert (await registry.send("GET", stored.location)).body == CONTENT


async def test_an_empty_blob_is_kept(registry_address: str) -> None:
    repository = fresh_repository()
    async with client(registry_address) as registry:
        digest = await registry.push_blob(repository, b"")
        assert (await registry.send("GET", f"/v2/{repository}/blobs/{digest}")).body == b""


async def test_a_blob_named_by_sha512_is_found_under_both_names(registry_address: str) -> None:
    repository, digest = fresh_repository(), "sha512:" + hashlib.sha512(CONTENT).hexdigest()
    async with client(registry_address) as registry:
        stored = await registry.send("PUT", with_digest(await registry.start(repository), digest), CONTENT)
        assert (stored.status, stored.headers["Docker-Content-Digest"]) == (201, sha256(CONTENT))
        for name in (digest, sha256(CONTENT)):
            answer = await registry.send("GET", f"/v2/{repository}/blobs/{name}")
            assert (answer.body, answer.headers["Docker-Content-Digest"]) == (CONTENT, sha256(CONTENT))


async def test_chunks_are_put_together(registry_address: str) -> None:
    repository = fresh_repository()
    async with client(registry_address) as registry:
        location = await registry.start(repository)
        for chunk, stand in ((CONTENT[:4], "0-3"), (CONTENT[4:9], "0-8")):
            answer = await registry.send("PATCH", location, chunk, OCTETS)
            assert (answer.status, answer.headers["Range"], answer.body) == (202, stand, b"")
            location = answer.location
        stored = await registry.send("PUT", with_digest(location, sha256(CONTENT)), CONTENT[9:], OCTETS)
        assert stored.status == 201
        assert (await registry.send("GET", stored.location)).body == CONTENT


async def test_the_last_chunk_may_be_a_patch(registry_address: str) -> None:
    repository = fresh_repository()
    async with client(registry_address) as registry:
        headers = OCTETS | {"Content-Range": "0-9"}
        sent = await registry.send("PATCH", await registry.start(repository), CONTENT, headers)
        stored = await registry.send("PUT", with_digest(sent.location, sha256(CONTENT)))
        assert stored.status == 201
        assert (await registry.send("GET", stored.location)).body == CONTENT


async def test_an_upload_says_how_far_it_is(registry_address: str) -> None:
    async with client(registry_address) as registry:
        sent = await registry.send("PATCH", await registry.start(fresh_repository()), CONTENT, OCTETS)
        for method in ("GET", "HEAD"):
            progress = await registry.send(method, sent.location)
            assert (progress.status, progress.headers["Range"]) == (204, "0-9")
            assert progress.headers["Docker-Upload-UUID"] == sent.headers["Docker-Upload-UUID"]


async def test_the_location_of_an_earlier_step_is_refused(registry_address: str) -> None:
    async with client(registry_address) as registry:
        location = await registry.start(fresh_repository())
        assert (await registry.send("PATCH", location, CONTENT, OCTETS)).status == 202
        for method, target in (("PATCH", location), ("GET", location), ("PUT", with_digest(location, sha256(CONTENT)))):
            answer = await registry.send(method, target, CONTENT if method != "GET" else None, OCTETS)
            assert answer.status == 404
            assert answer.codes == ["BLOB_UPLOAD_INVALID"]


async def test_an_upload_belongs_to_its_repository_and_its_location(registry_address: str) -> None:
    repository, other = fresh_repository(), fresh_repository()
    async with client(registry_address) as registry:
        location = await registry.start(repository)
        for strange in (location.replace(repository, other), location.partition("?")[0], f"{location}x"):
            answer = await registry.send("GET", strange)
            assert (answer.status, answer.codes) == (404, ["BLOB_UPLOAD_INVALID"])
        assert (await registry.send("GET", location)).status == 204


async def test_two_uploads_do_not_touch_each_other(registry_address: str) -> None:
    repository = fresh_repository()
    async with client(registry_address) as registry:
        one, two = await registry.start(repository), await registry.start(repository)
        one = (await registry.send("PATCH", one, b"one", OCTETS)).location
        two = (await registry.send("PATCH", two, b"two", OCTETS)).location
        for location, content in ((two, b"two"), (one, b"one")):
            stored = await registry.send("PUT", with_digest(location, sha256(content)))
            assert (await registry.send("GET", stored.location)).body == content


async def test_a_finished_upload_is_gone(registry_address: str) -> None:
    async with client(registry_address) as registry:
        location = await registry.start(fresh_repository())
        target = with_digest(location, sha256(CONTENT))
        assert (await registry.send("PUT", target, CONTENT)).status == 201
        for method in ("PUT", "GET"):
            answer = await registry.send(method, target if method == "PUT" else location)
            assert (answer.status, answer.codes) == (404, ["BLOB_UPLOAD_UNKNOWN"])


async def test_a_cancelled_upload_is_gone(registry_address: str) -> None:
    async with client(registry_address) as registry:
        location = await registry.start(fresh_repository())
        assert (await registry.send("DELETE", location)).status == 204
        for method in ("DELETE", "GET", "PATCH"):
            answer = await registry.send(method, location, b"x" if method == "PATCH" else None)
            assert (answer.status, answer.codes) == (404, ["BLOB_UPLOAD_UNKNOWN"])


@pytest.mark.parametrize(
    ("digest", "detail"),
    [
        ("", b"digest missing"),
        ("bogus", b"digest parsing failed"),
        ("sha256:" + "A" * 64, b"digest parsing failed"),
        ("sha256:" + "0" * 63, b"digest parsing failed"),
        ("md5:" + "0" * 32, b"digest parsing failed"),
        (sha256(b"other content"), sha256(b"other content").encode()),
    ],
)
async def test_an_upload_that_ends_with_a_wrong_digest_keeps_nothing(
    registry_address: str, digest: str, detail: bytes
) -> None:
    repository = fresh_repository()
    async with client(registry_address) as registry:
        location = await registry.start(repository)
        answer = await registry.send("PUT", with_digest(location, digest) if digest else location, CONTENT)
        assert (answer.status, answer.codes) == (400, ["DIGEST_INVALID"])
        assert detail in answer.body
        assert (await registry.send("HEAD", f"/v2/{repository}/blobs/{sha256(CONTENT)}")).status == 404


async def test_an_upload_is_spoilt_by_a_wrong_digest(registry_address: str) -> None:
    async with client(registry_address) as registry:
        location = await registry.start(fresh_repository())
        assert (await registry.send("PUT", with_digest(location, sha256(b"other")), CONTENT)).status == 400
        answer = await registry.send("PUT", with_digest(location, sha256(CONTENT)), CONTENT)
        assert (answer.status, answer.codes) == (404, ["BLOB_UPLOAD_INVALID"])


async def test_a_post_with_a_digest_only_opens_an_upload(registry_address: str) -> None:
    repository, digest = fresh_repository(), sha256(CONTENT)
    async with client(registry_address) as registry:
        answer = await registry.send("POST", f"/v2/{repository}/blobs/uploads/?digest={digest}", CONTENT, OCTETS)
        assert answer.status == 202
        assert (await registry.send("HEAD", f"/v2/{repository}/blobs/{digest}")).status == 404
        assert (await registry.send("PUT", with_digest(answer.location, digest), CONTENT)).status == 201


async def test_a_blob_is_mounted_from_another_repository(registry_address: str) -> None:
    source, target = fresh_repository(), fresh_repository()
    async with client(registry_address) as registry:
        digest = await registry.push_blob(source, CONTENT)
        answer = await registry.send("POST", f"/v2/{target}/blobs/uploads/?mount={digest}&from={source}")
        assert (answer.status, answer.headers["Docker-Content-Digest"]) == (201, digest)
        assert answer.location == f"http://{registry_address}/v2/{target}/blobs/{digest}"
        assert (await registry.send("GET", answer.location)).body == CONTENT


async def test_a_mount_that_cannot_be_opens_an_upload(registry_address: str) -> None:
    source, target = fresh_repository(), fresh_repository()
    async with client(registry_address) as registry:
        digest = await registry.push_blob(source, CONTENT)
        for query in (
            f"mount={sha256(b'unknown')}&from={source}",
            f"mount={digest}&from={fresh_repository()}",
            f"mount={digest}&from=UPPER",
            f"mount=bogus&from={source}",
            f"mount={digest}",
        ):
            answer = await registry.send("POST", f"/v2/{target}/blobs/uploads/?{query}")
            assert (answer.status, answer.headers["Range"]) == (202, "0-0")
        assert (await registry.send("HEAD", f"/v2/{target}/blobs/{digest}")).status == 404
