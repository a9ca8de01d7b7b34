"""How referrers are listed: what holds wherever they are, and where one registry parts from the specification."""

import json

from tests.registry_contract.builders import (
    CONFIG,
    OCI_INDEX,
    OCI_MANIFEST,
    Client,
    client,
    descriptor,
    fresh_repository,
    manifest,
    sha256,
)

SBOM, CONFIG_TYPE = "application/vnd.example.sbom", "application/vnd.oci.image.config.v1+json"


async def push_referrer(registry: Client, repository: str, subject: bytes, note: str) -> bytes:
    """Push a manifest that names the subject, is of a type of its own, and carries one annotation."""
    body = manifest(subject=descriptor(OCI_MANIFEST, subject), artifactType=SBOM, annotations={"note": note})
    await registry.push_blob(repository, CONFIG)
    assert (await registry.push_manifest(repository, sha256(body), body)).status == 201
    return body


async def listed(registry: Client, repository: str, subject: bytes) -> dict[str, dict[str, object]]:
    """The descriptors of the subject's referrers by digest; their order is anybody's."""
    answer = await registry.send("GET", f"/v2/{repository}/referrers/{sha256(subject)}")
    assert (answer.status, answer.headers["Content-Type"]) == (200, OCI_INDEX)
    return {one["digest"]: one for one in json.loads(answer.body)["manifests"]}


async def test_what_names_an_image_is_listed_with_size_and_annotations(referrers_address: str) -> None:
    repository = fresh_repository()
    async with client(referrers_address) as registry:
        subject = await registry.push_image(repository, "v1")
        pushed = [await push_referrer(registry, repository, subject, note) for note in ("one", "two", "three")]
        found = await listed(registry, repository, subject)
        assert {digest: (one["size"], one["mediaType"], one["annotations"]) for digest, one in found.items()} == {
            sha256(body): (len(body), OCI_MANIFEST, {"note": note})
            for body, note in zip(pushed, ("one", "two", "three"), strict=True)
        }


async def test_an_image_that_nothing_names_has_an_empty_list(referrers_address: str) -> None:
    repository = fresh_repository()
    async with client(referrers_address) as registry:
        subject = await registry.push_image(repository, "v1")
        assert await listed(registry, repository, subject) == {}


async def test_what_is_pushed_again_is_listed_once(referrers_address: str) -> None:
    repository = fresh_repository()
    async with client(referrers_address) as registry:
        subject = await registry.push_image(repository, "v1")
        for _ in range(2):
            await push_referrer(registry, repository, subject, "the same")
        assert len(await listed(registry, repository, subject)) == 1


async def test_a_referrer_may_come_before_its_image_and_be_listed(referrers_address: str) -> None:
    repository, subject = fresh_repository(), manifest(annotations={"comes": "later"})
    async with client(referrers_address) as registry:
        await registry.push_image(repository, "other")
        body = await push_referrer(registry, repository, subject, "early")
        assert list(await listed(registry, repository, subject)) == [sha256(body)]


async def test_one_registry_tells_the_type_of_the_config_and_names_no_subject(typed_by_config_address: str) -> None:
    """So nobody may find bundles by the type that a list gives them."""
    repository = fresh_repository()
    async with client(typed_by_config_address) as registry:
        subject = await registry.push_image(repository, "v1")
        body = await push_referrer(registry, repository, subject, "one")
        answer = await registry.push_manifest(repository, sha256(body), body)
        assert "OCI-Subject" not in answer.headers
        assert [one["artifactType"] for one in (await listed(registry, repository, subject)).values()] == [CONFIG_TYPE]
