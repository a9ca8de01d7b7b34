"""What the embedded registry does by distribution-spec 1.1 where docker-registry 2.8 does not, and its switches."""

import json

import pytest

from chains.demo.registry.behaviour import Behaviour
from chains.demo.registry.server import RegistryServer
from tests.registry_contract.builders import (
    OCI_INDEX,
    OCI_MANIFEST,
    OCTETS,
    Client,
    client,
    descriptor,
    index,
    manifest,
    sha256,
    with_digest,
)

REPOSITORY = "team/app"
SBOM, PROVENANCE = "application/vnd.example.sbom", "application/vnd.example.provenance"


async def push_referrer(registry: Client, subject: bytes, **changes: object) -> bytes:
    body = manifest(subject=descriptor(OCI_MANIFEST, subject), **changes)
    answer = await registry.push_manifest(REPOSITORY, sha256(body), body)
    assert (answer.status, answer.headers["OCI-Subject"]) == (201, sha256(subject))
    return body


async def test_referrers_are_listed_with_type_and_annotations() -> None:
    async with RegistryServer() as server, client(server.address) as registry:
        subject = await registry.push_image(REPOSITORY, "v1")
        typed = await push_referrer(registry, subject, artifactType=SBOM, annotations={"a": "b"})
        untyped = await push_referrer(registry, subject)
        answer = await registry.send("GET", f"/v2/{REPOSITORY}/referrers/{sha256(subject)}")
        assert (answer.status, answer.headers["Content-Type"]) == (200, OCI_INDEX)
        assert "OCI-Filters-Applied" not in answer.headers
        assert json.loads(answer.body) == {
            "schemaVersion": 2,
            "mediaType": OCI_INDEX,
            "manifests": [
                descriptor(OCI_MANIFEST, typed, artifactType=SBOM, annotations={"a": "b"}),
                descriptor(OCI_MANIFEST, untyped, artifactType="application/vnd.oci.image.config.v1+json"),
            ],
        }


async def test_an_index_may_be_a_referrer() -> None:
    async with RegistryServer() as server, client(server.address) as registry:
        subject = await registry.push_image(REPOSITORY, "v1")
        body = json.dumps(json.loads(index()) | {"subject": descriptor(OCI_MANIFEST, subject), "artifactType": SBOM})
        await registry.push_manifest(REPOSITORY, "all", body.encode(), OCI_INDEX)
        answer = await registry.send("GET", f"/v2/{REPOSITORY}/referrers/{sha256(subject)}")
        assert json.loads(answer.body)["manifests"] == [descriptor(OCI_INDEX, body.encode(), artifactType=SBOM)]


async def test_referrers_are_filtered_by_type() -> None:
    async with RegistryServer() as server, client(server.address) as registry:
        subject = await registry.push_image(REPOSITORY, "v1")
        await push_referrer(registry, subject, artifactType=SBOM)
        wanted = await push_referrer(registry, subject, artifactType=PROVENANCE)
        target = f"/v2/{REPOSITORY}/referrers/{sha256(subject)}?artifactType={PROVENANCE}"
        answer = await registry.send("GET", target)
        assert answer.headers["OCI-Filters-Applied"] == "artifactType"
        assert [found["digest"] for found in json.loads(answer.body)["manifests"]] == [sha256(wanted)]


async def test_what_nobody_refers_to_has_an_empty_index() -> None:
    async with RegistryServer() as server, client(server.address) as registry:
        answer = await registry.send("GET", f"/v2/{REPOSITORY}/referrers/{sha256(b'absent')}")
        assert (answer.status, json.loads(answer.body)["manifests"]) == (200, [])
        malformed = await registry.send("GET", f"/v2/{REPOSITORY}/referrers/sha256:abc")
        assert (malformed.status, malformed.codes) == (400, ["DIGEST_INVALID"])


async def test_a_deleted_referrer_is_no_longer_listed() -> None:
    async with RegistryServer() as server, client(server.address) as registry:
        subject = await registry.push_image(REPOSITORY, "v1")
        gone = await push_referrer(registry, subject, artifactType=SBOM)
        kept = await push_referrer(registry, subject, artifactType=PROVENANCE)
        await registry.send("DELETE", f"/v2/{REPOSITORY}/manifests/{sha256(gone)}")
        answer = await registry.send("GET", f"/v2/{REPOSITORY}/referrers/{sha256(subject)}")
        assert [found["digest"] for found in json.loads(answer.body)["manifests"]] == [sha256(kept)]


async def test_referrers_come_in_pages_that_keep_the_filter() -> None:
    async with RegistryServer(Behaviour(referrers_page=2)) as server, client(server.address) as registry:
        subject = await registry.push_image(REPOSITORY, "v1")
        await push_referrer(registry, subject, artifactType=PROVENANCE)
        pushed = [
            await push_referrer(registry, subject, artifactType=SBOM, annotations={"n": str(n)}) for n in range(3)
        ]
        target, found = f"/v2/{REPOSITORY}/referrers/{sha256(subject)}?artifactType={SBOM}", list[list[str]]()
        while target:
            answer = await registry.send("GET", target)
            found.append([referrer["digest"] for referrer in json.loads(answer.body)["manifests"]])
            target = answer.headers.get("Link", "")[1:].partition(">")[0]
        assert [len(page) for page in found] == [2, 1]
        assert sorted(digest for page in found for digest in page) == sorted(sha256(body) for body in pushed)


@pytest.mark.parametrize("name", ["UPPER", "-a", "a___b", "a-", "a" * 256])
async def test_a_malformed_name_is_refused_by_its_code(name: str) -> None:
    async with RegistryServer() as server, client(server.address) as registry:
        for method, path in (("GET", "tags/list"), ("POST", "blobs/uploads/"), ("PUT", "manifests/v1")):
            answer = await registry.send(method, f"/v2/{name}/{path}")
            assert (answer.status, answer.codes) == (400, ["NAME_INVALID"])


async def test_a_malformed_tag_is_refused_when_written_and_unknown_when_read() -> None:
    async with RegistryServer() as server, client(server.address) as registry:
        await registry.push_image(REPOSITORY, "v1")
        written = await registry.push_manifest(REPOSITORY, ".x", manifest())
        assert (written.status, written.codes) == (400, ["TAG_INVALID"])
        read = await registry.manifest(REPOSITORY, ".x")
        assert (read.status, read.codes) == (404, ["MANIFEST_UNKNOWN"])


@pytest.mark.parametrize("reference", ["sha256:abc", "sha256:" + "A" * 64])
async def test_a_malformed_digest_of_a_manifest_is_refused(reference: str) -> None:
    async with RegistryServer() as server, client(server.address) as registry:
        await registry.push_image(REPOSITORY, "v1")
        for answer in (
            await registry.manifest(REPOSITORY, reference),
            await registry.push_manifest(REPOSITORY, reference, manifest()),
            await registry.send("DELETE", f"/v2/{REPOSITORY}/manifests/{reference}"),
        ):
            assert (answer.status, answer.codes) == (400, ["DIGEST_INVALID"])


@pytest.mark.parametrize("body", [b"{}", manifest(schemaVersion=1)])
async def test_a_manifest_of_another_schema_is_refused(body: bytes) -> None:
    async with RegistryServer() as server, client(server.address) as registry:
        await registry.push_image(REPOSITORY, "v1")
        answer = await registry.push_manifest(REPOSITORY, "v2", body)
        assert (answer.status, answer.codes) == (400, ["MANIFEST_INVALID"])


@pytest.mark.parametrize("claimed", ["4-5", "0-3", "3-4", "3-9", "junk"])
async def test_a_chunk_out_of_place_is_refused_and_may_be_sent_again(claimed: str) -> None:
    async with RegistryServer() as server, client(server.address) as registry:
        first = OCTETS | {"Content-Range": "0-2"}
        location = (await registry.send("PATCH", await registry.start(REPOSITORY), b"abc", first)).location
        answer = await registry.send("PATCH", location, b"def", OCTETS | {"Content-Range": claimed})
        assert (answer.status, answer.headers["Range"], answer.location) == (416, "0-2", location)
        second = await registry.send("PATCH", location, b"def", OCTETS | {"Content-Range": "3-5"})
        assert (second.status, second.headers["Range"]) == (202, "0-5")
        assert (await registry.send("PUT", with_digest(second.location, sha256(b"abcdef")))).status == 201


async def test_a_chunk_of_another_type_is_refused() -> None:
    async with RegistryServer() as server, client(server.address) as registry:
        location = await registry.start(REPOSITORY)
        assert (await registry.send("PATCH", location, b"abc", {"Content-Type": "text/plain"})).status == 415


async def test_tags_come_in_pages() -> None:
    async with RegistryServer() as server, client(server.address) as registry:
        for tag in ("c", "a", "b"):
            await registry.push_image(REPOSITORY, tag)
        first = await registry.send("GET", f"/v2/{REPOSITORY}/tags/list?n=2")
        assert json.loads(first.body)["tags"] == ["a", "b"]
        assert first.headers["Link"] == f'</v2/{REPOSITORY}/tags/list?last=b&n=2>; rel="next"'
        rest = await registry.send("GET", f"/v2/{REPOSITORY}/tags/list?n=2&last=b")
        assert (json.loads(rest.body)["tags"], "Link" in rest.headers) == (["c"], False)


async def test_a_tag_is_deleted_without_its_manifest() -> None:
    async with RegistryServer() as server, client(server.address) as registry:
        body = await registry.push_image(REPOSITORY, "v1")
        target = f"/v2/{REPOSITORY}/manifests/v1"
        assert (await registry.send("DELETE", target)).status == 202
        again = await registry.send("DELETE", target)
        assert (again.status, again.codes) == (404, ["MANIFEST_UNKNOWN"])
        assert (await registry.manifest(REPOSITORY, sha256(body))).body == body


async def test_nothing_is_deleted_where_deleting_is_off() -> None:
    async with RegistryServer(Behaviour(deletes=False)) as server, client(server.address) as registry:
        body = await registry.push_image(REPOSITORY, "v1")
        for target in ("manifests/v1", f"manifests/{sha256(body)}", f"blobs/{sha256(b'a layer')}"):
            answer = await registry.send("DELETE", f"/v2/{REPOSITORY}/{target}")
            assert (answer.status, answer.codes) == (405, ["UNSUPPORTED"])
        assert (await registry.manifest(REPOSITORY, "v1")).body == body


async def test_a_manifest_beyond_the_limit_is_too_large() -> None:
    limit = len(manifest())
    async with RegistryServer(Behaviour(manifest_limit=limit)) as server, client(server.address) as registry:
        await registry.push_image(REPOSITORY, "v1")
        answer = await registry.push_manifest(REPOSITORY, "v2", manifest() + b" ")
        assert (answer.status, answer.codes) == (413, ["SIZE_INVALID"])


async def test_a_blob_beyond_the_limit_is_too_large() -> None:
    async with RegistryServer(Behaviour(blob_limit=5)) as server, client(server.address) as registry:
        assert await registry.push_blob(REPOSITORY, b"12345")
        target = with_digest(await registry.start(REPOSITORY), sha256(b"123456"))
        answer = await registry.send("PUT", target, b"123456")
        assert (answer.status, answer.codes) == (413, ["SIZE_INVALID"])


async def test_a_blob_in_a_single_post_is_kept_where_that_is_on() -> None:
    async with RegistryServer(Behaviour(single_post=True)) as server, client(server.address) as registry:
        target = f"/v2/{REPOSITORY}/blobs/uploads/?digest={sha256(b'single')}"
        answer = await registry.send("POST", target, b"single", OCTETS)
        assert (answer.status, answer.headers["Docker-Content-Digest"]) == (201, sha256(b"single"))
        assert (await registry.send("GET", answer.location)).body == b"single"
        wrong = await registry.send("POST", target, b"other", OCTETS)
        assert (wrong.status, wrong.codes) == (400, ["DIGEST_INVALID"])


async def test_a_manifest_is_given_to_everybody_where_accept_is_not_read() -> None:
    async with RegistryServer(Behaviour(any_accept=True)) as server, client(server.address) as registry:
        body = await registry.push_image(REPOSITORY, "v1")
        assert (await registry.manifest(REPOSITORY, "v1", "text/html")).body == body
