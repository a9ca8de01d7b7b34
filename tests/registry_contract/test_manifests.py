"""Pushing, reading and deleting manifests, the same in every registry."""

import hashlib
import json
from typing import Any

import pytest

from tests.registry_contract.builders import (
    CONFIG,
    DOCKER_LIST,
    DOCKER_MANIFEST,
    LAYER,
    OCI_INDEX,
    OCI_MANIFEST,
    client,
    descriptor,
    fresh_repository,
    index,
    manifest,
    sha256,
)

AMD64 = {"architecture": "amd64", "os": "linux"}


async def test_a_manifest_comes_back_as_it_went(registry_address: str) -> None:
    repository = fresh_repository()
    body = b" \n" + manifest(annotations={"x": "<&>\u00e9"}).replace(b": ", b":   ") + b"\n"
    async with client(registry_address) as registry:
        await registry.push_image(repository, "v1", body)
        for reference in ("v1", sha256(body)):
            answer = await registry.manifest(repository, reference)
            assert (answer.status, answer.body) == (200, body)
            assert answer.headers["Content-Type"] == OCI_MANIFEST
            assert answer.headers["Docker-Content-Digest"] == sha256(body)
            assert answer.headers["Etag"] == f'"{sha256(body)}"'
            head = await registry.manifest(repository, reference, method="HEAD")
            assert (head.status, head.body) == (200, b"")
            assert head.headers["Content-Length"] == str(len(body))
            assert head.headers["Docker-Content-Digest"] == sha256(body)


async def test_a_pushed_manifest_is_located_by_digest(registry_address: str) -> None:
    repository, body = fresh_repository(), manifest()
    async with client(registry_address) as registry:
        await registry.push_image(repository, "v1")
        for reference in ("v1", sha256(body)):
            answer = await registry.push_manifest(repository, reference, body)
            assert (answer.status, answer.body) == (201, b"")
            assert answer.headers["Docker-Content-Digest"] == sha256(body)
            assert answer.location == f"http://{registry_address}/v2/{repository}/manifests/{sha256(body)}"


async def test_a_tag_moves_and_the_old_manifest_stays(registry_address: str) -> None:
    repository = fresh_repository()
    async with client(registry_address) as registry:
        old = await registry.push_image(repository, "latest")
        new = await registry.push_image(repository, "latest", manifest(annotations={"a": "b"}))
        assert (await registry.manifest(repository, "latest")).body == new
        assert (await registry.manifest(repository, sha256(old))).body == old


async def test_preconditions_on_a_push_are_not_heeded(registry_address: str) -> None:
    repository, body = fresh_repository(), manifest(annotations={"a": "b"})
    async with client(registry_address) as registry:
        await registry.push_image(repository, "v1")
        headers = {"Content-Type": OCI_MANIFEST, "If-Match": '"sha256:other"', "If-None-Match": "*"}
        assert (await registry.send("PUT", f"/v2/{repository}/manifests/v1", body, headers)).status == 201
        assert (await registry.manifest(repository, "v1")).body == body


async def test_a_manifest_that_the_client_has_is_not_sent_again(registry_address: str) -> None:
    repository = fresh_repository()
    async with client(registry_address) as registry:
        digest = sha256(await registry.push_image(repository, "v1"))
        for tag in (digest, f'"{digest}"'):
            headers = {"Accept": OCI_MANIFEST, "If-None-Match": tag}
            answer = await registry.send("GET", f"/v2/{repository}/manifests/v1", headers=headers)
            assert (answer.status, answer.body) == (304, b"")


@pytest.mark.parametrize("reference", ["absent", sha256(b"absent"), ".x"[1:] * 128])
async def test_a_manifest_that_is_not_there_is_unknown(registry_address: str, reference: str) -> None:
    async with client(registry_address) as registry:
        answer = await registry.manifest(fresh_repository(), reference)
        assert (answer.status, answer.codes) == (404, ["MANIFEST_UNKNOWN"])
        assert (await registry.manifest(fresh_repository(), reference, method="HEAD")).status == 404


@pytest.mark.parametrize("accept", ["", "*/*", "application/*", "application/json", OCI_INDEX])
async def test_a_manifest_is_kept_from_a_client_that_does_not_list_its_type(registry_address: str, accept: str) -> None:
    repository = fresh_repository()
    async with client(registry_address) as registry:
        await registry.push_image(repository, "v1")
        headers = {"Accept": accept} if accept else {}
        answer = await registry.send("GET", f"/v2/{repository}/manifests/v1", headers=headers)
        assert (answer.status, answer.codes) == (404, ["MANIFEST_UNKNOWN"])
        assert b"OCI manifest found, but accept header does not support OCI manifests" in answer.body


@pytest.mark.parametrize(
    "accept", [f"{OCI_INDEX}, {OCI_MANIFEST}", f"{OCI_MANIFEST};q=0.5", f"text/html,{OCI_MANIFEST}"]
)
async def test_a_manifest_is_given_to_a_client_that_lists_its_type_among_others(
    registry_address: str, accept: str
) -> None:
    repository = fresh_repository()
    async with client(registry_address) as registry:
        body = await registry.push_image(repository, "v1")
        assert (await registry.manifest(repository, "v1", accept)).body == body


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b"not json", OCI_MANIFEST),
        (b"", OCI_MANIFEST),
        (b"[]", OCI_MANIFEST),
        (b"\xff\xfe", OCI_MANIFEST),
        (manifest() + b"trailing", OCI_MANIFEST),
        (manifest(), ""),
        (manifest(), "application/json"),
        (manifest(), "text/plain"),
        (manifest(), OCI_INDEX),
        (manifest(), DOCKER_MANIFEST),
        (manifest(mediaType=DOCKER_MANIFEST), OCI_MANIFEST),
        (manifest(mediaType=None, manifests=[]), OCI_MANIFEST),
        (manifest(mediaType=None), DOCKER_MANIFEST),
    ],
)
async def test_what_is_no_manifest_of_its_type_is_refused(registry_address: str, body: bytes, media_type: str) -> None:
    repository = fresh_repository()
    async with client(registry_address) as registry:
        await registry.push_image(repository, "good")
        answer = await registry.push_manifest(repository, "bad", body, media_type)
        assert (answer.status, answer.codes) == (400, ["MANIFEST_INVALID"])
        assert (await registry.manifest(repository, "bad")).status == 404


async def test_the_media_type_may_be_left_to_the_header_and_have_parameters(registry_address: str) -> None:
    repository = fresh_repository()
    async with client(registry_address) as registry:
        await registry.push_image(repository, "v1")
        body = manifest(mediaType=None)
        assert (await registry.push_manifest(repository, "v2", body, f"{OCI_MANIFEST}; charset=utf-8")).status == 201
        answer = await registry.manifest(repository, "v2")
        assert (answer.body, answer.headers["Content-Type"]) == (body, OCI_MANIFEST)


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"config": descriptor("x/y", b"one")}, ["MANIFEST_BLOB_UNKNOWN"]),
        ({"layers": [descriptor("x/y", b"one"), descriptor("x/y", b"two")]}, ["MANIFEST_BLOB_UNKNOWN"] * 2),
        ({"config": None}, ["DIGEST_INVALID", "MANIFEST_BLOB_UNKNOWN"]),
        ({"layers": [{"mediaType": "x/y", "size": 1, "digest": "junk"}]}, ["DIGEST_INVALID", "MANIFEST_BLOB_UNKNOWN"]),
    ],
)
async def test_a_manifest_of_blobs_that_are_not_there_is_refused(
    registry_address: str, changes: dict[str, Any], codes: list[str]
) -> None:
    repository = fresh_repository()
    async with client(registry_address) as registry:
        await registry.push_image(repository, "good")
        answer = await registry.push_manifest(repository, "bad", manifest(**changes))
        assert (answer.status, answer.codes) == (400, codes)


async def test_blobs_of_another_repository_do_not_count(registry_address: str) -> None:
    async with client(registry_address) as registry:
        await registry.push_image(fresh_repository(), "v1")
        answer = await registry.push_manifest(fresh_repository(), "v1", manifest())
        assert answer.codes == ["MANIFEST_BLOB_UNKNOWN", "MANIFEST_BLOB_UNKNOWN"]
        assert sha256(CONFIG).encode() in answer.body
        assert sha256(LAYER).encode() in answer.body


async def test_layers_and_a_subject_may_be_absent(registry_address: str) -> None:
    repository = fresh_repository()
    async with client(registry_address) as registry:
        await registry.push_image(repository, "v1")
        for body in (manifest(layers=[]), manifest(layers=None), manifest(subject=descriptor(OCI_MANIFEST, b"absent"))):
            assert (await registry.push_manifest(repository, "v2", body)).status == 201
            assert (await registry.manifest(repository, "v2")).body == body


async def test_the_size_in_a_descriptor_is_not_checked(registry_address: str) -> None:
    repository = fresh_repository()
    async with client(registry_address) as registry:
        await registry.push_image(repository, "v1")
        body = manifest(layers=[{"mediaType": "x/y", "size": 999, "digest": sha256(LAYER)}])
        assert (await registry.push_manifest(repository, "v2", body)).status == 201


@pytest.mark.parametrize("digest", [sha256(b"other"), "sha512:" + hashlib.sha512(manifest()).hexdigest()])
async def test_a_manifest_is_not_kept_under_a_digest_other_than_its_sha256(registry_address: str, digest: str) -> None:
    repository = fresh_repository()
    async with client(registry_address) as registry:
        await registry.push_image(repository, "v1")
        answer = await registry.push_manifest(repository, digest, manifest())
        assert (answer.status, answer.codes) == (400, ["DIGEST_INVALID"])


async def test_a_manifest_of_four_mebibytes_is_kept(registry_address: str) -> None:
    repository = fresh_repository()
    room = 4 * 1024 * 1024 - len(manifest(annotations={"x": ""}))
    async with client(registry_address) as registry:
        body = await registry.push_image(repository, "big", manifest(annotations={"x": "y" * room}))
        assert (await registry.manifest(repository, "big")).body == body
        answer = await registry.push_manifest(repository, "bigger", manifest(annotations={"x": "y" * (room + 1)}))
        assert answer.status in (400, 413)


async def test_an_index_of_manifests_is_kept(registry_address: str) -> None:
    repository = fresh_repository()
    async with client(registry_address) as registry:
        child = await registry.push_image(repository, "child")
        for body in (index(), index(descriptor(OCI_MANIFEST, child, platform=AMD64))):
            assert (await registry.push_manifest(repository, "all", body, OCI_INDEX)).status == 201
            answer = await registry.manifest(repository, "all", OCI_INDEX)
            assert (answer.body, answer.headers["Content-Type"]) == (body, OCI_INDEX)
        refused = await registry.manifest(repository, "all", OCI_MANIFEST)
        assert (refused.status, refused.codes) == (404, ["MANIFEST_UNKNOWN"])
        assert b"OCI index found" in refused.body


async def test_an_index_that_does_not_name_its_type_is_given_to_everybody(registry_address: str) -> None:
    repository, body = fresh_repository(), json.dumps({"schemaVersion": 2, "manifests": []}).encode()
    async with client(registry_address) as registry:
        assert (await registry.push_manifest(repository, "all", body, OCI_INDEX)).status == 201
        for reference, accept in (("all", OCI_MANIFEST), (sha256(body), "*/*")):
            answer = await registry.manifest(repository, reference, accept)
            assert (answer.body, answer.headers["Content-Type"]) == (body, OCI_INDEX)


async def test_an_index_of_manifests_that_are_not_there_is_refused(registry_address: str) -> None:
    repository = fresh_repository()
    async with client(registry_address) as registry:
        await registry.push_image(fresh_repository(), "elsewhere")
        body = index(descriptor(OCI_MANIFEST, manifest()))
        answer = await registry.push_manifest(repository, "all", body, OCI_INDEX)
        assert (answer.status, answer.codes) == (400, ["MANIFEST_BLOB_UNKNOWN"])


async def test_an_old_client_gets_the_amd64_image_of_a_docker_list(registry_address: str) -> None:
    repository = fresh_repository()
    async with client(registry_address) as registry:
        await registry.push_image(repository, "oci")
        child = manifest(mediaType=DOCKER_MANIFEST)
        assert (await registry.push_manifest(repository, "v1", child, DOCKER_MANIFEST)).status == 201
        listed = index(descriptor(DOCKER_MANIFEST, child, platform=AMD64), media_type=DOCKER_LIST)
        assert (await registry.push_manifest(repository, "all", listed, DOCKER_LIST)).status == 201
        assert (await registry.manifest(repository, "all", DOCKER_LIST)).body == listed
        assert (await registry.manifest(repository, "all", DOCKER_MANIFEST)).body == child
        assert (await registry.manifest(repository, sha256(listed), DOCKER_MANIFEST)).body == listed
        assert (await registry.manifest(repository, "v1", OCI_MANIFEST)).codes == ["MANIFEST_INVALID"]


async def test_a_deleted_manifest_takes_its_tags_along(registry_address: str) -> None:
    repository = fresh_repository()
    async with client(registry_address) as registry:
        body = await registry.push_image(repository, "v1")
        await registry.push_image(repository, "v2", manifest(annotations={"a": "b"}))
        target = f"/v2/{repository}/manifests/{sha256(body)}"
        assert (await registry.send("DELETE", target)).status == 202
        for reference in ("v1", sha256(body)):
            assert (await registry.manifest(repository, reference)).status == 404
        assert (await registry.manifest(repository, "v2")).status == 200
        again = await registry.send("DELETE", target)
        assert (again.status, again.codes) == (404, ["MANIFEST_UNKNOWN"])
        assert (await registry.push_manifest(repository, "v1", body)).status == 201
        assert (await registry.manifest(repository, "v1")).body == body


async def test_a_manifest_outlives_its_blobs(registry_address: str) -> None:
    repository = fresh_repository()
    async with client(registry_address) as registry:
        body = await registry.push_image(repository, "v1")
        assert (await registry.send("DELETE", f"/v2/{repository}/blobs/{sha256(LAYER)}")).status == 202
        assert (await registry.manifest(repository, "v1")).body == body
        assert (await registry.push_manifest(repository, "v2", body)).codes == ["MANIFEST_BLOB_UNKNOWN"]


@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_a_manifest_knows_no_other_methods(registry_address: str, method: str) -> None:
    async with client(registry_address) as registry:
        answer = await registry.send(method, f"/v2/{fresh_repository()}/manifests/v1", b"")
        assert (answer.status, answer.headers["Allow"]) == (405, "DELETE, GET, HEAD, PUT")
