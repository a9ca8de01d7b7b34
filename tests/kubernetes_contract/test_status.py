"""A status that is apart: what Tekton's runs have, and what writes to either side leave alone."""

from tests.kubernetes_contract.builders import Cluster, gadget


async def made_with_status(cluster: Cluster) -> dict:
    """A gadget with the status that a controller reported."""
    await cluster.made(cluster.gadgets, gadget("one"))
    return (await cluster.patch(f"{cluster.gadgets}/one/status", {"status": {"done": "no"}})).json


async def test_a_status_that_comes_with_a_new_object_is_dropped(cluster: Cluster):
    made = await cluster.made(cluster.gadgets, {**gadget("one"), "status": {"done": "yes"}})
    assert "status" not in made


async def test_a_write_to_the_object_leaves_the_status(cluster: Cluster):
    made = await made_with_status(cluster)
    path = f"{cluster.gadgets}/one"
    patched = await cluster.patch(path, {"spec": {"size": 2}, "status": {"done": "yes"}})
    assert (patched.json["spec"], patched.json["status"]) == ({"size": 2}, {"done": "no"})
    replaced = await cluster.replace(path, {**patched.json, "status": {"done": "yes"}})
    assert replaced.json["status"] == {"done": "no"}
    assert replaced.metadata["generation"] == made["metadata"]["generation"] + 1


async def test_a_write_to_the_status_leaves_the_object(cluster: Cluster):
    made = await made_with_status(cluster)
    path = f"{cluster.gadgets}/one/status"
    change = {"metadata": {"annotations": {"a": "b"}}, "spec": {"size": 9}, "status": {"done": "yes"}}
    patched = await cluster.patch(path, change)
    assert patched.status == 200
    assert (patched.json["spec"], patched.json["status"]) == ({"size": 1}, {"done": "yes"})
    assert "annotations" not in patched.metadata
    assert patched.metadata["generation"] == made["metadata"]["generation"] == 1
    replaced = await cluster.replace(path, {**patched.json, "spec": {"size": 9}, "status": {"done": "again"}})
    assert (replaced.json["spec"], replaced.json["status"]) == ({"size": 1}, {"done": "again"})
    assert (await cluster.get(path)).json == replaced.json


async def test_who_reports_owns_the_status_apart(cluster: Cluster):
    await cluster.made(cluster.gadgets, gadget("one"))
    path = f"{cluster.gadgets}/one/status"
    patched = await cluster.patch(path, {"status": {"done": "no"}}, fieldManager="reporter")
    (entry,) = [each for each in patched.metadata["managedFields"] if each["manager"] == "reporter"]
    assert (entry["subresource"], entry["operation"]) == ("status", "Update")
    assert entry["fieldsV1"] == {"f:status": {".": {}, "f:done": {}}}


async def test_a_report_may_insist_on_a_version_but_on_a_uid_only_as_a_whole(cluster: Cluster):
    made = await made_with_status(cluster)
    path = f"{cluster.gadgets}/one/status"
    stale = await cluster.patch(path, {"metadata": {"resourceVersion": "1"}, "status": {"done": "yes"}})
    assert stale.refusal == (409, "Conflict")
    foreign = {**made["metadata"], "uid": "another"}
    assert (await cluster.replace(path, {**made, "metadata": foreign})).refusal == (409, "Conflict")
    patched = await cluster.patch(path, {"metadata": {"uid": "another"}, "status": {"done": "yes"}})
    assert (patched.status, patched.metadata["uid"]) == (200, made["metadata"]["uid"])


async def test_there_is_no_status_to_report_where_it_is_not_apart(cluster: Cluster):
    await cluster.made(cluster.gadgets, gadget("one"))
    missing = await cluster.patch(f"{cluster.gadgets}/none/status", {"status": {}})
    nowhere = await cluster.patch(f"{cluster.widgets}/one/status", {"status": {}})
    assert (missing.refusal, nowhere.status) == ((404, "NotFound"), 404)


async def test_a_report_ends_what_only_waited_for_its_finalizers(cluster: Cluster):
    path = f"{cluster.gadgets}/one"
    await cluster.made(cluster.gadgets, gadget("one", finalizers=["example.com/hold"]))
    await cluster.delete(path)
    change = {"metadata": {"finalizers": []}, "status": {"done": "yes"}}
    reported = await cluster.patch(f"{path}/status", change)
    assert reported.metadata["finalizers"] == ["example.com/hold"]
    assert (await cluster.patch(path, {"metadata": {"finalizers": []}})).status == 200
    assert (await cluster.get(path)).status == 404
