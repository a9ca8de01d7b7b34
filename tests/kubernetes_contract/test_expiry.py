"""A past that is forgotten: lists and watches that lean on it are told so, each in its own way."""

from tests.kubernetes_contract.builders import Cluster, widget


async def test_what_is_forgotten_has_expired(cluster: Cluster, forget):
    for name in "abc":
        await cluster.made(cluster.widgets, widget(name))
    page = await cluster.get(cluster.widgets, limit="1")
    await cluster.made(cluster.widgets, widget("d"))
    await forget()

    exact = await cluster.get(cluster.widgets, resourceVersion=page.version, resourceVersionMatch="Exact")
    assert exact.refusal == (410, "Expired")
    newer = await cluster.get(cluster.widgets, resourceVersion=page.version, resourceVersionMatch="NotOlderThan")
    assert newer.names == ["a", "b", "c", "d"]

    async with cluster.watch(cluster.widgets, resourceVersion=page.version) as stream:
        (told,) = await stream.rest()
    assert (told["type"], told["object"]["kind"]) == ("ERROR", "Status")
    assert (told["object"]["code"], told["object"]["reason"]) == (410, "Expired")
    assert told["object"]["message"].startswith(f"too old resource version: {page.version} (")

    expired = await cluster.get(cluster.widgets, **{"limit": "2", "continue": page.metadata["continue"]})
    assert expired.refusal == (410, "Expired")
    rest = await cluster.get(cluster.widgets, **{"limit": "2", "continue": expired.metadata["continue"]})
    assert rest.names == ["b", "c"]
    last = await cluster.get(cluster.widgets, **{"limit": "2", "continue": rest.metadata["continue"]})
    assert last.names == ["d"]
    assert int(rest.version) > int(page.version)
