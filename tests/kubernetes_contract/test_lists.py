"""Lists: pages, selectors, versions and forms."""

import pytest

from tests.kubernetes_contract.builders import PARTIAL, PARTIAL_LIST, TABLE, Cluster, config_map, widget


async def with_widgets(cluster: Cluster, names: str, **metadata) -> None:
    for name in names:
        await cluster.made(cluster.widgets, widget(name, **metadata))


async def test_a_list_is_ordered_by_name_and_says_its_version(cluster: Cluster):
    await with_widgets(cluster, "cab")
    listed = await cluster.get(cluster.widgets)
    assert (listed.json["kind"], listed.json["apiVersion"]) == ("WidgetList", "contract.example.com/v1")
    assert listed.names == ["a", "b", "c"]
    assert int(listed.version) >= max(int(item["metadata"]["resourceVersion"]) for item in listed.json["items"])


async def test_only_lists_of_custom_resources_say_that_they_do_not_go_on(cluster: Cluster):
    assert (await cluster.get(cluster.widgets)).metadata["continue"] == ""
    assert "continue" not in (await cluster.get(cluster.config_maps)).metadata


async def test_only_custom_resources_say_their_kind_in_lists(cluster: Cluster):
    await with_widgets(cluster, "a")
    await cluster.made(cluster.config_maps, config_map("a"))
    assert (await cluster.get(cluster.widgets)).json["items"][0]["kind"] == "Widget"
    listed = (await cluster.get(cluster.config_maps, fieldSelector="metadata.name=a")).json
    assert listed["kind"] == "ConfigMapList"
    assert not listed["items"][0].keys() & {"kind", "apiVersion"}


async def test_pages_show_the_moment_of_the_first(cluster: Cluster):
    await with_widgets(cluster, "abcde")
    first = await cluster.get(cluster.widgets, limit="2")
    assert first.names == ["a", "b"]
    assert first.metadata["remainingItemCount"] == 3
    await cluster.delete(f"{cluster.widgets}/c")
    await cluster.made(cluster.widgets, widget("cc"))
    await cluster.patch(f"{cluster.widgets}/d", {"spec": {"size": 7}})
    second = await cluster.get(cluster.widgets, **{"limit": "2", "continue": first.metadata["continue"]})
    assert second.names == ["c", "d"]
    assert second.json["items"][1]["spec"]["size"] == 1
    assert second.version == first.version
    third = await cluster.get(cluster.widgets, **{"limit": "2", "continue": second.metadata["continue"]})
    assert third.names == ["e"]
    assert not third.metadata.get("continue")
    assert "remainingItemCount" not in third.metadata
    assert (await cluster.get(cluster.widgets)).names == ["a", "b", "cc", "d", "e"]


async def test_a_continue_token_that_is_none_is_a_bad_request(cluster: Cluster):
    assert (await cluster.get(cluster.widgets, **{"limit": "2", "continue": "nonsense"})).refusal == (400, "BadRequest")


async def test_a_page_with_a_selector_does_not_count_the_rest(cluster: Cluster):
    await with_widgets(cluster, "abc", labels={"team": "x"})
    page = await cluster.get(cluster.widgets, limit="1", labelSelector="team=x")
    assert page.names == ["a"]
    assert page.metadata["continue"]
    assert "remainingItemCount" not in page.metadata


@pytest.mark.parametrize(
    ("selector", "names"),
    [("team=x", "a"), ("team!=x", "bc"), ("team in (x,y)", "ab"), ("team notin (x)", "bc"), ("!team", "c")],
)
async def test_label_selectors_choose(cluster: Cluster, selector, names):
    await with_widgets(cluster, "a", labels={"team": "x"})
    await with_widgets(cluster, "b", labels={"team": "y"})
    await with_widgets(cluster, "c")
    assert (await cluster.get(cluster.widgets, labelSelector=selector)).names == list(names)


async def test_field_selectors_choose(cluster: Cluster):
    await with_widgets(cluster, "ab")
    assert (await cluster.get(cluster.widgets, fieldSelector="metadata.name=b")).names == ["b"]
    everywhere = "/apis/contract.example.com/v1/widgets"
    there = await cluster.get(everywhere, fieldSelector=f"metadata.namespace={cluster.namespace},metadata.name!=b")
    assert there.names == ["a"]


async def test_a_selector_that_is_none_is_a_bad_request(cluster: Cluster):
    assert (await cluster.get(cluster.widgets, labelSelector="a b")).refusal == (400, "BadRequest")


async def test_a_list_can_be_had_as_it_was(cluster: Cluster):
    await with_widgets(cluster, "a")
    before = (await cluster.get(cluster.widgets)).version
    await with_widgets(cluster, "b")
    exact = await cluster.get(cluster.widgets, resourceVersion=before, resourceVersionMatch="Exact")
    assert (exact.names, exact.version) == (["a"], before)
    newer = await cluster.get(cluster.widgets, resourceVersion=before, resourceVersionMatch="NotOlderThan")
    assert newer.names == ["a", "b"]


async def test_a_match_without_a_version_is_invalid(cluster: Cluster):
    assert (await cluster.get(cluster.widgets, resourceVersionMatch="Exact")).refusal == (422, "Invalid")


async def test_a_list_of_metadata_leaves_out_the_rest(cluster: Cluster):
    await with_widgets(cluster, "ab", annotations={"team": "x"})
    listed = await cluster.get(cluster.widgets, accept=PARTIAL_LIST, limit="1")
    assert (listed.json["kind"], listed.json["apiVersion"]) == ("PartialObjectMetadataList", "meta.k8s.io/v1")
    assert listed.metadata["remainingItemCount"] == 1
    (item,) = listed.json["items"]
    assert item["metadata"]["annotations"] == {"team": "x"}
    assert "spec" not in item


async def test_one_object_can_be_had_as_metadata(cluster: Cluster):
    await with_widgets(cluster, "a")
    found = (await cluster.get(f"{cluster.widgets}/a", accept=PARTIAL)).json
    assert found["kind"] == "PartialObjectMetadata"
    assert found.keys() == {"kind", "apiVersion", "metadata"}
    assert (await cluster.get(f"{cluster.widgets}/a", accept=f"{PARTIAL},application/json")).json == found


async def test_metadata_of_one_is_not_metadata_of_many(cluster: Cluster):
    await with_widgets(cluster, "a")
    assert (await cluster.get(cluster.widgets, accept=PARTIAL)).refusal == (406, "NotAcceptable")
    await cluster.made(cluster.config_maps, config_map("a"))
    assert (await cluster.get(f"{cluster.config_maps}/a", accept=PARTIAL_LIST)).refusal == (406, "NotAcceptable")


async def test_a_table_has_a_row_for_each_object(cluster: Cluster):
    await with_widgets(cluster, "ab")
    table = (await cluster.get(cluster.widgets, accept=TABLE)).json
    assert (table["kind"], table["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Age"]
    assert [row["cells"][0] for row in table["rows"]] == ["a", "b"]
    assert table["rows"][0]["object"]["kind"] == "PartialObjectMetadata"
