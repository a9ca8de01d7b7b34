"""Creating, replacing and deleting objects."""

import base64

import pytest

from tests.kubernetes_contract.builders import Cluster, config_map, event, secret, widget


async def test_a_created_object_gets_an_identity(cluster: Cluster):
    answer = await cluster.create(cluster.widgets, widget("one", uid="mine", creationTimestamp="2001-01-01T00:00:00Z"))
    assert answer.status == 201
    metadata = answer.metadata
    assert metadata["namespace"] == cluster.namespace
    assert metadata["uid"] not in ("", "mine")
    assert metadata["creationTimestamp"] > "2020"
    assert metadata["generation"] == 1
    assert int(metadata["resourceVersion"]) > 0
    assert (await cluster.get(f"{cluster.widgets}/one")).json == answer.json


async def test_a_name_that_is_taken_is_a_conflict(cluster: Cluster):
    await cluster.made(cluster.config_maps, config_map("one"))
    again = await cluster.create(cluster.config_maps, config_map("one"))
    assert again.refusal == (409, "AlreadyExists")
    assert again.json["message"] == 'configmaps "one" already exists'


async def test_what_is_not_there_is_not_found(cluster: Cluster):
    answer = await cluster.get(f"{cluster.widgets}/none")
    assert answer.refusal == (404, "NotFound")
    assert answer.json["message"] == 'widgets.contract.example.com "none" not found'
    assert answer.json["details"] == {"name": "none", "group": "contract.example.com", "kind": "widgets"}
    assert (await cluster.delete(f"{cluster.widgets}/none")).refusal == (404, "NotFound")
    assert (await cluster.patch(f"{cluster.widgets}/none", {})).refusal == (404, "NotFound")


async def test_nothing_is_created_in_a_namespace_that_is_not_there(cluster: Cluster):
    answer = await cluster.create("/api/v1/namespaces/no-such-namespace/configmaps", config_map("one"))
    assert answer.refusal == (404, "NotFound")
    assert answer.json["message"] == 'namespaces "no-such-namespace" not found'


async def test_a_generated_name_begins_as_asked(cluster: Cluster):
    wanted = config_map("")
    wanted["metadata"] = {"generateName": "run-"}
    names = {(await cluster.made(cluster.config_maps, wanted))["metadata"]["name"] for _ in range(3)}
    assert len(names) == 3
    assert all(name.startswith("run-") and len(name) == 9 for name in names)


@pytest.mark.parametrize("name", ["UPPER", "-a", "a_b", "a" * 254, ""])
async def test_a_bad_name_is_invalid(cluster: Cluster, name):
    assert (await cluster.create(cluster.config_maps, config_map(name))).refusal == (422, "Invalid")


@pytest.mark.parametrize(
    "metadata",
    [
        {"labels": {"a b": "c"}},
        {"labels": {"a": "c d"}},
        {"finalizers": ["no good"]},
        {"ownerReferences": [{"kind": "Widget", "name": "x"}]},
        {"annotations": {"big": "x" * (256 * 1024)}},
    ],
    ids=["label key", "label value", "finalizer", "owner", "annotations' size"],
)
async def test_bad_metadata_is_invalid(cluster: Cluster, metadata):
    assert (await cluster.create(cluster.widgets, widget("one", **metadata))).refusal == (422, "Invalid")


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b'{"kind":"Widget"}', b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}}'],
    ids=["no JSON", "no object", "no apiVersion", "another kind"],
)
async def test_what_is_no_object_of_the_kind_is_a_bad_request(cluster: Cluster, body):
    assert (await cluster.send("POST", cluster.widgets, body)).refusal == (400, "BadRequest")


async def test_another_namespace_or_name_than_the_path_says_is_a_bad_request(cluster: Cluster):
    elsewhere = widget("one", namespace="elsewhere")
    assert (await cluster.create(cluster.widgets, elsewhere)).refusal == (400, "BadRequest")
    made = await cluster.made(cluster.widgets, widget("one"))
    made["metadata"]["name"] = "two"
    assert (await cluster.replace(f"{cluster.widgets}/one", made)).refusal == (400, "BadRequest")
    missing = widget("none", namespace="elsewhere", resourceVersion="1")
    assert (await cluster.replace(f"{cluster.widgets}/none", missing)).refusal == (400, "BadRequest")


async def test_an_object_with_a_resource_version_cannot_be_created(cluster: Cluster):
    answer = await cluster.create(cluster.widgets, widget("one", resourceVersion="1"))
    assert (answer.status, answer.json.get("reason")) == (500, None)
    assert answer.json["message"] == "resourceVersion should not be set on objects to be created"


async def test_a_body_beyond_the_limit_is_too_large(cluster: Cluster):
    answer = await cluster.create(cluster.config_maps, config_map("one", {"a": "x" * (3 * 1024 * 1024)}))
    assert answer.refusal == (413, "RequestEntityTooLarge")


async def test_a_replaced_object_keeps_its_identity(cluster: Cluster):
    made = await cluster.made(cluster.widgets, widget("one"))
    new = {**made, "spec": {"size": 2}}
    answer = await cluster.replace(f"{cluster.widgets}/one", new)
    assert answer.status == 200
    assert answer.metadata["uid"] == made["metadata"]["uid"]
    assert answer.metadata["creationTimestamp"] == made["metadata"]["creationTimestamp"]
    assert answer.metadata["generation"] == 2
    assert int(answer.version) > int(made["metadata"]["resourceVersion"])


async def test_a_stale_resource_version_is_a_conflict(cluster: Cluster):
    made = await cluster.made(cluster.widgets, widget("one"))
    assert (await cluster.replace(f"{cluster.widgets}/one", {**made, "spec": {"size": 2}})).status == 200
    again = await cluster.replace(f"{cluster.widgets}/one", {**made, "spec": {"size": 3}})
    assert again.refusal == (409, "Conflict")
    assert "the object has been modified" in again.json["message"]


async def test_a_foreign_uid_is_a_conflict(cluster: Cluster):
    made = await cluster.made(cluster.widgets, widget("one"))
    made["metadata"]["uid"] = "another"
    assert (await cluster.replace(f"{cluster.widgets}/one", made)).refusal == (409, "Conflict")


async def test_custom_resources_are_not_replaced_without_a_resource_version_and_config_maps_are(cluster: Cluster):
    await cluster.made(cluster.widgets, widget("one"))
    await cluster.made(cluster.config_maps, config_map("one"))
    assert (await cluster.replace(f"{cluster.widgets}/one", widget("one", {"size": 2}))).refusal == (422, "Invalid")
    answer = await cluster.replace(f"{cluster.config_maps}/one", config_map("one", {"b": "2"}))
    assert answer.status == 200
    assert answer.json["data"] == {"b": "2"}


async def test_a_write_that_changes_nothing_leaves_the_resource_version(cluster: Cluster):
    made = await cluster.made(cluster.widgets, widget("one"))
    assert (await cluster.replace(f"{cluster.widgets}/one", made)).version == made["metadata"]["resourceVersion"]
    assert (await cluster.patch(f"{cluster.widgets}/one", {})).version == made["metadata"]["resourceVersion"]


async def test_metadata_does_not_count_as_a_generation(cluster: Cluster):
    await cluster.made(cluster.widgets, widget("one"))
    answer = await cluster.patch(f"{cluster.widgets}/one", {"metadata": {"annotations": {"team": "a"}}})
    assert answer.metadata["generation"] == 1


async def test_a_dry_run_changes_nothing(cluster: Cluster):
    assert (await cluster.create(cluster.widgets, widget("one"), dryRun="All")).status == 201
    assert (await cluster.get(f"{cluster.widgets}/one")).status == 404
    await cluster.made(cluster.widgets, widget("two"))
    tried = await cluster.patch(f"{cluster.widgets}/two", {"spec": {"size": 9}}, dryRun="All")
    assert tried.json["spec"]["size"] == 9
    assert (await cluster.get(f"{cluster.widgets}/two")).json["spec"]["size"] == 1


async def test_deleting_says_what_was_deleted(cluster: Cluster):
    made = await cluster.made(cluster.widgets, widget("one"))
    answer = await cluster.delete(f"{cluster.widgets}/one")
    assert (answer.status, answer.json["kind"], answer.json["status"]) == (200, "Status", "Success")
    assert answer.json["details"]["uid"] == made["metadata"]["uid"]
    assert (await cluster.get(f"{cluster.widgets}/one")).status == 404


@pytest.mark.parametrize("field", ["uid", "resourceVersion"])
async def test_a_precondition_that_does_not_hold_keeps_the_object(cluster: Cluster, field):
    made = await cluster.made(cluster.widgets, widget("one"))
    wrong = {"preconditions": {field: "1"}}
    right = {"preconditions": {field: made["metadata"][field]}}
    assert (await cluster.delete(f"{cluster.widgets}/one", wrong)).refusal == (409, "Conflict")
    assert (await cluster.delete(f"{cluster.widgets}/one", right)).status == 200


async def test_a_finalizer_holds_an_object_until_it_is_removed(cluster: Cluster):
    path = f"{cluster.widgets}/one"
    await cluster.made(cluster.widgets, widget("one", finalizers=["example.com/hold"]))
    marked = await cluster.delete(path)
    assert marked.status == 200
    assert marked.metadata["deletionTimestamp"]
    assert marked.metadata["deletionGracePeriodSeconds"] == 0
    assert (await cluster.get(path)).metadata["finalizers"] == ["example.com/hold"]
    assert (await cluster.delete(path)).version == marked.version
    ended = await cluster.patch(path, {"metadata": {"finalizers": None}})
    assert ended.status == 200
    assert "finalizers" not in ended.metadata
    assert (await cluster.get(path)).status == 404


async def test_no_finalizer_comes_to_an_object_that_is_going(cluster: Cluster):
    path = f"{cluster.widgets}/one"
    await cluster.made(cluster.widgets, widget("one", finalizers=["example.com/hold"]))
    await cluster.delete(path)
    added = {"metadata": {"finalizers": ["example.com/hold", "example.com/more"]}}
    assert (await cluster.patch(path, added)).refusal == (422, "Invalid")
    assert (await cluster.create(cluster.widgets, widget("one"))).refusal == (409, "AlreadyExists")
    assert (await cluster.patch(path, {"metadata": {"finalizers": []}})).status == 200


async def test_a_collection_is_deleted_by_selector(cluster: Cluster):
    for name, team in (("a", "x"), ("b", "y"), ("c", "x")):
        await cluster.made(cluster.config_maps, config_map(name, labels={"team": team}))
    assert (await cluster.delete(cluster.config_maps, labelSelector="team=x")).status == 200
    assert (await cluster.get(cluster.config_maps, labelSelector="team")).names == ["b"]


async def test_a_secret_takes_plain_strings_and_gives_base64(cluster: Cluster):
    made = await cluster.made(cluster.secrets, secret("one", data={"a": "MQ=="}, stringData={"b": "2"}))
    assert made["data"] == {"a": "MQ==", "b": base64.b64encode(b"2").decode()}
    assert made["type"] == "Opaque"
    assert "stringData" not in made


async def test_a_secret_must_be_base64(cluster: Cluster):
    assert (await cluster.create(cluster.secrets, secret("one", data={"a": "!"}))).refusal == (400, "BadRequest")


async def test_an_immutable_secret_stays_as_it_is(cluster: Cluster):
    path = f"{cluster.secrets}/one"
    await cluster.made(cluster.secrets, secret("one", data={"a": "MQ=="}, immutable=True))
    assert (await cluster.patch(path, {"data": {"a": "Mg=="}})).refusal == (422, "Invalid")
    assert (await cluster.patch(path, {"immutable": False})).refusal == (422, "Invalid")
    assert (await cluster.patch(path, {"metadata": {"annotations": {"a": "b"}}})).status == 200
    assert (await cluster.delete(path)).status == 200


async def test_a_secret_keeps_its_type(cluster: Cluster):
    await cluster.made(cluster.secrets, secret("one"))
    assert (await cluster.patch(f"{cluster.secrets}/one", {"type": "other"})).refusal == (422, "Invalid")
    await cluster.made(cluster.secrets, secret("two", type="other"))
    assert (await cluster.replace(f"{cluster.secrets}/two", secret("two"))).refusal == (422, "Invalid")


async def test_data_that_is_empty_is_left_out(cluster: Cluster):
    assert "data" not in await cluster.made(cluster.config_maps, config_map("one", {}))
    assert "data" not in await cluster.made(cluster.secrets, secret("one", data={}))


async def test_a_method_that_a_path_does_not_have_is_refused(cluster: Cluster):
    assert (await cluster.send("POST", "/api/v1/configmaps", config_map("one"))).status == 405
    assert (await cluster.send("PATCH", cluster.config_maps, {}, content_type="application/json")).status == 405


async def test_an_event_is_about_an_object_of_its_namespace(cluster: Cluster):
    about = {"apiVersion": "contract.example.com/v1", "kind": "Widget", "name": "one", "uid": "u"}
    told = await cluster.made(
        cluster.events, event("right", cluster.namespace, {**about, "namespace": cluster.namespace})
    )
    assert told["involvedObject"]["uid"] == "u"
    for wrong in ({}, {"namespace": "elsewhere"}):
        answer = await cluster.create(cluster.events, event("wrong", cluster.namespace, {**about, **wrong}))
        assert answer.refusal == (422, "Invalid")


async def test_nothing_new_comes_into_a_namespace_that_is_going(cluster: Cluster):
    path = f"{cluster.widgets}/held"
    await cluster.made(cluster.widgets, widget("held", finalizers=["example.com/hold"]))
    await cluster.delete(f"/api/v1/namespaces/{cluster.namespace}")
    refused = await cluster.create(cluster.widgets, widget("late"))
    assert refused.refusal == (403, "Forbidden")
    assert [cause["reason"] for cause in refused.json["details"]["causes"]] == ["NamespaceTerminating"]
    assert (await cluster.patch(path, {"metadata": {"annotations": {"a": "b"}}})).status == 200
    assert (await cluster.patch(path, {"metadata": {"finalizers": None}})).status == 200
