"""Tags of repositories, page by page."""

import pytest

from chains.artifacts.reference import Repository
from chains.demo.faults import Fault
from chains.demo.registry.behaviour import Behaviour
from chains.demo.registry.server import RegistryServer
from chains.errors import EdgeError
from chains.registry.client import RegistryClient
from chains.registry.credentials import ChainedKeychain
from chains.registry.tag_lists import PAGE_SIZE, is_of_an_image, list_tags

NOBODY = ChainedKeychain()


@pytest.mark.parametrize("paged", [True, False])
async def test_every_tag_is_listed_over_all_pages(paged: bool) -> None:
    names = sorted(f"v{number}" for number in range(2 * PAGE_SIZE + 1))
    async with RegistryServer(Behaviour(paged_tags=paged)) as server, RegistryClient() as client:
        for name in names:
            server.push_image("team/app", "one", name)
        server.requests.reset()
        assert list(await list_tags(client, Repository(server.address, "team/app"), NOBODY)) == names
        assert server.requests.total() == (3 if paged else 1)


async def test_a_repository_that_is_not_there_has_no_list() -> None:
    async with RegistryServer() as server, RegistryClient() as client:
        with pytest.raises(EdgeError, match="is not there"):
            await list_tags(client, Repository(server.address, "no/such"), NOBODY)


@pytest.mark.parametrize("body", [b"", b"{", b'{"tags":1}', b"\xff", b"[" * 100_000])
async def test_what_is_no_list_is_refused_in_a_sentence(body: bytes) -> None:
    async with RegistryServer() as server, RegistryClient() as client:
        server.faults.add(Fault(path="/tags/list", status=200, body=body))
        with pytest.raises(EdgeError, match="lists no tags"):
            await list_tags(client, Repository(server.address, "team/app"), NOBODY)


async def test_a_list_that_leads_in_a_circle_ends() -> None:
    async with RegistryServer() as server, RegistryClient() as client:
        again = {"Link": '</v2/team/app/tags/list?n=1>; rel="next"'}
        server.faults.add(Fault(path="/tags/list", status=200, headers=again, body=b'{"tags":["a"]}'))
        with pytest.raises(EdgeError, match="pages of tags"):
            await list_tags(client, Repository(server.address, "team/app"), NOBODY)


@pytest.mark.parametrize(
    ("tag", "prefix", "image"),
    [
        ("v1", "", True),
        ("latest", "", True),
        ("sha256-abc", "", True),
        (f"sha256-{'a1' * 32}", "", False),
        (f"sha256-{'a1' * 32}.sig", "", False),
        (f"sha256-{'a1' * 32}.att", "x-", False),
        (f"x-sha256-{'a1' * 32}.sig", "x-", False),
        (f"x-sha256-{'a1' * 32}.sig", "", True),
    ],
)
def test_what_stands_beside_an_image_is_told_from_images(tag: str, prefix: str, image: bool) -> None:
    assert is_of_an_image(tag, prefix) is image
