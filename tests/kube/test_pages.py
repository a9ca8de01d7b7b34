"""Lists in pages."""

import pytest

from chains.kube.refusals import ExpiredError
from chains.kube.resources import TASK_RUNS
from tests.kube.builders import ScriptedApi, connected, listing, refused, run

PATH = TASK_RUNS.path("builds")
EXPIRED = refused(410, "Expired", "The provided continue parameter is too old")


async def names(tmp_path, script, **asked):
    async with connected(tmp_path, script) as client:
        pages = [page async for page in client.list_pages(TASK_RUNS, "builds", **asked)]
    return [[bytes(item).split(b'"name": "')[1].split(b'"')[0].decode() for item in page.items] for page in pages]


async def test_pages_follow_their_continuation(tmp_path):
    script = ScriptedApi().on(
        "GET", PATH, listing(run("a"), run("b"), version=7, continuation="t&o?"), listing(version=7)
    )
    assert await names(tmp_path, script, field_selector="metadata.name=x") == [["a", "b"], []]
    selectors = {"fieldSelector": "metadata.name=x", "limit": "500"}
    assert [asked.query for asked in script.asked] == [selectors, selectors | {"continue": "t&o?"}]


async def test_a_list_without_items_is_empty(tmp_path):
    async with connected(tmp_path, ScriptedApi().on("GET", PATH, listing(version=3))) as client:
        pages = [page async for page in client.list_pages(TASK_RUNS, "builds")]
    assert [(page.items, page.resource_version) for page in pages] == [([], "3")]


async def test_a_forgotten_list_begins_anew(tmp_path):
    script = ScriptedApi().on(
        "GET",
        PATH,
        listing(run("a"), version=1, continuation="one"),
        EXPIRED,
        listing(run("a"), run("b"), version=9, continuation="two"),
        listing(run("c"), version=9),
    )
    assert await names(tmp_path, script) == [["a"], ["a", "b"], ["c"]]
    assert [asked.query.get("continue") for asked in script.asked] == [None, "one", None, "two"]


async def test_a_list_forgotten_twice_is_asked_for_in_one_piece(tmp_path):
    begun = listing(run("a"), version=1, continuation="one")
    script = ScriptedApi().on("GET", PATH, begun, EXPIRED, begun, EXPIRED, listing(run("a"), run("b"), version=2))
    assert await names(tmp_path, script, limit=1) == [["a"], ["a"], ["a", "b"]]
    assert [asked.query["limit"] for asked in script.asked] == ["1", "1", "1", "1", "0"]


async def test_a_list_that_expires_at_its_first_page_raises(tmp_path):
    async with connected(tmp_path, ScriptedApi().on("GET", PATH, EXPIRED)) as client:
        with pytest.raises(ExpiredError):
            await anext(client.list_pages(TASK_RUNS, "builds"))
