"""Watches: what happens, in order, to whom it concerns."""

from tests.kubernetes_contract.builders import PARTIAL, Cluster, widget


async def version_now(cluster: Cluster) -> str:
    return (await cluster.get(cluster.widgets)).version


async def test_a_watch_tells_what_happens_after_a_version(cluster: Cluster):
    await cluster.made(cluster.widgets, widget("before"))
    version = await version_now(cluster)
    await cluster.made(cluster.widgets, widget("a"))
    async with cluster.watch(cluster.widgets, resourceVersion=version) as stream:
        assert await stream.told(1) == ["ADDED a"]
        await cluster.patch(f"{cluster.widgets}/a", {"spec": {"size": 2}})
        await cluster.delete(f"{cluster.widgets}/a")
        changed, gone = await stream.line(), await stream.line()
    assert (changed["type"], changed["object"]["spec"]["size"]) == ("MODIFIED", 2)
    assert (gone["type"], gone["object"]["spec"]["size"]) == ("DELETED", 2)
    assert gone["object"]["kind"] == "Widget"
    versions = [int(each["object"]["metadata"]["resourceVersion"]) for each in (changed, gone)]
    assert int(version) < versions[0] < versions[1]


async def test_a_watch_without_a_version_begins_with_what_is_there(cluster: Cluster):
    for name in "ba":
        await cluster.made(cluster.widgets, widget(name))
    async with cluster.watch(cluster.widgets) as stream:
        assert sorted(await stream.told(2)) == ["ADDED a", "ADDED b"]
        await cluster.made(cluster.widgets, widget("c"))
        assert await stream.told(1) == ["ADDED c"]


async def test_deleting_under_a_finalizer_is_told_as_a_change(cluster: Cluster):
    await cluster.made(cluster.widgets, widget("a", finalizers=["example.com/hold"]))
    async with cluster.watch(cluster.widgets, resourceVersion=await version_now(cluster)) as stream:
        await cluster.delete(f"{cluster.widgets}/a")
        marked = await stream.line()
        await cluster.patch(f"{cluster.widgets}/a", {"metadata": {"finalizers": []}})
        gone = await stream.line()
    assert marked["type"] == "MODIFIED"
    assert marked["object"]["metadata"]["deletionTimestamp"]
    assert gone["type"] == "DELETED"


async def test_what_frees_an_object_for_its_deletion_is_told_nobody(cluster: Cluster):
    path = f"{cluster.widgets}/a"
    await cluster.made(cluster.widgets, widget("a", finalizers=["example.com/hold"]))
    await cluster.delete(path)
    async with cluster.watch(cluster.widgets, resourceVersion=await version_now(cluster)) as stream:
        freed = await cluster.patch(path, {"metadata": {"finalizers": [], "annotations": {"last": "words"}}})
        gone = await stream.line()
    assert freed.metadata["annotations"] == {"last": "words"}
    assert gone["type"] == "DELETED"
    assert gone["object"]["metadata"]["finalizers"] == ["example.com/hold"]
    assert "annotations" not in gone["object"]["metadata"]


async def test_leaving_a_selector_is_told_as_a_deletion(cluster: Cluster):
    await cluster.made(cluster.widgets, widget("a", labels={"team": "x"}))
    await cluster.made(cluster.widgets, widget("b"))
    path = f"{cluster.widgets}/a"
    async with cluster.watch(cluster.widgets, labelSelector="team=x") as stream:
        assert await stream.told(1) == ["ADDED a"]
        left = await cluster.patch(path, {"metadata": {"labels": {"team": "y"}}})
        gone = await stream.line()
        await cluster.patch(path, {"metadata": {"labels": {"team": "x"}}})
        await cluster.patch(path, {"spec": {"size": 2}})
        assert await stream.told(2) == ["ADDED a", "MODIFIED a"]
    assert gone["type"] == "DELETED"
    assert gone["object"]["metadata"]["labels"] == {"team": "x"}
    assert gone["object"]["metadata"]["resourceVersion"] == left.version


async def test_one_object_can_be_watched(cluster: Cluster):
    for name in "ab":
        await cluster.made(cluster.widgets, widget(name))
    version = await version_now(cluster)
    async with cluster.watch(cluster.widgets, resourceVersion=version, fieldSelector="metadata.name=b") as stream:
        await cluster.delete(f"{cluster.widgets}/a")
        await cluster.delete(f"{cluster.widgets}/b")
        assert await stream.told(1) == ["DELETED b"]


async def test_a_watch_of_all_namespaces_sees_this_one(cluster: Cluster):
    version = await version_now(cluster)
    async with cluster.watch("/apis/contract.example.com/v1/widgets", resourceVersion=version) as stream:
        await cluster.made(cluster.widgets, widget("a"))
        assert (await stream.line())["object"]["metadata"]["namespace"] == cluster.namespace


async def test_metadata_can_be_watched(cluster: Cluster):
    await cluster.made(cluster.widgets, widget("a"))
    async with cluster.watch(cluster.widgets, accept=PARTIAL) as stream:
        told = (await stream.line())["object"]
    assert told["kind"] == "PartialObjectMetadata"
    assert told.keys() == {"kind", "apiVersion", "metadata"}


async def test_a_deletion_is_told_as_metadata_too(cluster: Cluster):
    await cluster.made(cluster.widgets, widget("a", annotations={"team": "x"}))
    async with cluster.watch(cluster.widgets, PARTIAL, resourceVersion=await version_now(cluster)) as stream:
        await cluster.delete(f"{cluster.widgets}/a")
        gone = await stream.line()
    assert (gone["type"], gone["object"]["kind"]) == ("DELETED", "PartialObjectMetadata")
    assert gone["object"]["metadata"]["annotations"] == {"team": "x"}


async def test_a_watch_ends_in_time_and_says_before_how_far_it_came(cluster: Cluster):
    await cluster.made(cluster.widgets, widget("a"))
    version = await version_now(cluster)
    async with cluster.watch(
        cluster.widgets,
        resourceVersion=version,
        allowWatchBookmarks="true",
        timeoutSeconds="4",
        labelSelector="told=yes",
    ) as stream:
        await cluster.made(cluster.widgets, widget("b"))
        events = await stream.rest()
    assert {event["type"] for event in events} == {"BOOKMARK"}
    told = events[-1]["object"]
    assert (told["kind"], told["apiVersion"]) == ("Widget", "contract.example.com/v1")
    assert int(told["metadata"]["resourceVersion"]) > int(version)


async def test_a_watch_can_begin_with_all_there_is_and_say_where_that_ends(cluster: Cluster):
    await cluster.made(cluster.widgets, widget("a"))
    async with cluster.watch(
        cluster.widgets,
        sendInitialEvents="true",
        resourceVersionMatch="NotOlderThan",
        allowWatchBookmarks="true",
    ) as stream:
        first, end = await stream.line(), await stream.line()
    assert (first["type"], end["type"]) == ("ADDED", "BOOKMARK")
    assert end["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
