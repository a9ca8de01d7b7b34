"""Lists of tags and repositories, the same in every registry."""

import json

import pytest

from tests.registry_contract.builders import client, fresh_repository, manifest, sha256


async def test_tags_are_listed(registry_address: str) -> None:
    repository = fresh_repository()
    async with client(registry_address) as registry:
        for tag in ("v1", "latest", "V2"):
            await registry.push_image(repository, tag)
        answer = await registry.send("GET", f"/v2/{repository}/tags/list")
        document = json.loads(answer.body)
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
        assert document["name"] == repository
        assert sorted(document["tags"]) == ["V2", "latest", "v1"]


async def test_a_repository_that_never_had_a_tag_is_unknown(registry_address: str) -> None:
    repository = fresh_repository()
    async with client(registry_address) as registry:
        for _ in range(2):
            answer = await registry.send("GET", f"/v2/{repository}/tags/list")
            assert (answer.status, answer.codes) == (404, ["NAME_UNKNOWN"])
            await registry.push_blob(repository, b"a blob is not enough")


async def test_a_repository_that_lost_its_last_tag_lists_null(registry_address: str) -> None:
    repository = fresh_repository()
    async with client(registry_address) as registry:
        body = await registry.push_image(repository, "v1")
        await registry.send("DELETE", f"/v2/{repository}/manifests/{sha256(body)}")
        answer = await registry.send("GET", f"/v2/{repository}/tags/list")
        assert json.loads(answer.body) == {"name": repository, "tags": None}


async def test_a_push_by_digest_makes_no_tag(registry_address: str) -> None:
    repository = fresh_repository()
    async with client(registry_address) as registry:
        await registry.push_image(repository, "v1")
        body = manifest(annotations={"a": "b"})
        await registry.push_manifest(repository, sha256(body), body)
        answer = await registry.send("GET", f"/v2/{repository}/tags/list")
        assert json.loads(answer.body)["tags"] == ["v1"]


async def test_the_catalog_is_read_a_page_at_a_time(registry_address: str) -> None:
    repositories = sorted(fresh_repository() for _ in range(3))
    async with client(registry_address) as registry:
        for repository in repositories:
            await registry.push_blob(repository, b"a blob is enough")
        found: list[str] = []
        target = "/v2/_catalog?n=2"
        while target:
            answer = await registry.send("GET", target)
            page = json.loads(answer.body)["repositories"]
            assert len(page) <= 2
            found += page
            link = answer.headers.get("Link", "")
            assert not link or link.endswith('>; rel="next"')
            target = link[1:].partition(">")[0]
        assert [name for name in found if name in repositories] == repositories
        assert found == sorted(found)


async def test_the_catalog_goes_on_after_the_last_name_seen(registry_address: str) -> None:
    repositories = sorted(fresh_repository() for _ in range(2))
    async with client(registry_address) as registry:
        for repository in repositories:
            await registry.push_blob(repository, b"a blob is enough")
        answer = await registry.send("GET", f"/v2/_catalog?last={repositories[0]}")
        names = json.loads(answer.body)["repositories"]
        assert repositories[1] in names
        assert repositories[0] not in names


@pytest.mark.parametrize("count", ["junk", "-5", ""])
async def test_a_count_that_is_none_is_passed_over(registry_address: str, count: str) -> None:
    repository = fresh_repository()
    async with client(registry_address) as registry:
        await registry.push_blob(repository, b"a blob is enough")
        answer = await registry.send("GET", f"/v2/_catalog?n={count}")
        assert repository in json.loads(answer.body)["repositories"]


async def test_an_empty_page_may_be_asked_for_and_a_huge_one_not(registry_address: str) -> None:
    async with client(registry_address) as registry:
        await registry.push_blob(fresh_repository(), b"a blob is enough")
        assert json.loads((await registry.send("GET", "/v2/_catalog?n=0")).body) == {"repositories": []}
        answer = await registry.send("GET", "/v2/_catalog?n=100000")
        assert (answer.status, answer.codes) == (400, ["PAGINATION_NUMBER_INVALID"])


@pytest.mark.parametrize("target", ["/v2/_catalog", "/v2/team/app/tags/list"])
@pytest.mark.parametrize("method", ["HEAD", "POST"])
async def test_a_list_is_only_read(registry_address: str, target: str, method: str) -> None:
    async with client(registry_address) as registry:
        answer = await registry.send(method, target)
        assert (answer.status, answer.headers["Allow"]) == (405, "GET")
