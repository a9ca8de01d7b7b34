"""Where Docker's registry 2.8 parts from the specification, and the embedded one follows when told to."""

import json

import pytest

from tests.registry_contract.builders import (
    OCI_MANIFEST,
    OCTETS,
    client,
    descriptor,
    fresh_repository,
    manifest,
    sha256,
    with_digest,
)


async def test_the_place_of_a_chunk_is_not_read(distribution_address: str) -> None:
    async with client(distribution_address) as registry:
        location = await registry.start(fresh_repository())
        for claimed in ("7-9", "junk"):
            location = (await registry.send("PATCH", location, b"abc", OCTETS | {"Content-Range": claimed})).location
        stored = await registry.send("PUT", with_digest(location, sha256(b"abcabc")))
        assert stored.status == 201


async def test_there_is_no_referrers_api(distribution_address: str) -> None:
    repository = fresh_repository()
    async with client(distribution_address) as registry:
        subject = await registry.push_image(repository, "v1")
        body = manifest(subject=descriptor(OCI_MANIFEST, subject), artifactType="application/vnd.example")
        pushed = await registry.push_manifest(repository, sha256(body), body)
        assert pushed.status == 201
        assert "OCI-Subject" not in pushed.headers
        answer = await registry.send("GET", f"/v2/{repository}/referrers/{sha256(subject)}")
        assert (answer.status, answer.body) == (404, b"404 page not found\n")
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("name", ["UPPER", "-a", "a___b", "a-", "a._b"])
async def test_a_malformed_name_leads_nowhere(distribution_address: str, name: str) -> None:
    async with client(distribution_address) as registry:
        for method, path in (("GET", "tags/list"), ("POST", "blobs/uploads/"), ("GET", "manifests/v1")):
            answer = await registry.send(method, f"/v2/{name}/{path}")
            assert (answer.status, answer.body) == (404, b"404 page not found\n")


@pytest.mark.parametrize("path", ["manifests/.x", "manifests/-x", "manifests/a$b", "manifests/" + "t" * 129, "blobs/x"])
async def test_a_malformed_reference_leads_nowhere(distribution_address: str, path: str) -> None:
    async with client(distribution_address) as registry:
        for method in ("GET", "PUT"):
            answer = await registry.send(method, f"/v2/{fresh_repository()}/{path}")
            assert (answer.status, answer.body) == (404, b"404 page not found\n")


@pytest.mark.parametrize(
    ("path", "tidy"), [("/v2//tags/list", "/v2/tags/list"), ("/v2/a//b/tags/list", "/v2/a/b/tags/list")]
)
async def test_an_untidy_path_is_sent_to_the_tidy_one(distribution_address: str, path: str, tidy: str) -> None:
    async with client(distribution_address) as registry:
        answer = await registry.send("GET", path)
        assert (answer.status, answer.location) == (301, tidy)


async def test_tags_come_all_at_once(distribution_address: str) -> None:
    repository = fresh_repository()
    async with client(distribution_address) as registry:
        for tag in ("a", "b", "c"):
            await registry.push_image(repository, tag)
        answer = await registry.send("GET", f"/v2/{repository}/tags/list?n=1&last=b")
        assert sorted(json.loads(answer.body)["tags"]) == ["a", "b", "c"]
        assert "Link" not in answer.headers


async def test_a_tag_is_not_deleted_by_name(distribution_address: str) -> None:
    repository = fresh_repository()
    async with client(distribution_address) as registry:
        await registry.push_image(repository, "v1")
        for tag in ("v1", "absent"):
            answer = await registry.send("DELETE", f"/v2/{repository}/manifests/{tag}")
            assert (answer.status, answer.codes) == (400, ["DIGEST_INVALID"])
        assert (await registry.manifest(repository, "v1")).status == 200


async def test_a_manifest_beyond_the_limit_is_invalid(distribution_address: str) -> None:
    repository = fresh_repository()
    async with client(distribution_address) as registry:
        await registry.push_image(repository, "v1")
        body = manifest(annotations={"x": "y" * 4 * 1024 * 1024})
        answer = await registry.push_manifest(repository, "v2", body)
        assert (answer.status, answer.codes) == (400, ["MANIFEST_INVALID"])
        assert b"http: request body too large" in answer.body
