"""Patches of four kinds, and who owns what afterwards."""

import pytest

from tests.kubernetes_contract.builders import (
    APPLY,
    JSON_PATCH,
    MERGE,
    PARTIAL,
    STRATEGIC,
    Cluster,
    config_map,
    widget,
)


def owners(metadata: dict) -> dict[tuple[str, str], dict]:
    """Who owns which fields: manager and operation to fieldsV1, the maps' own marks left out."""
    return {(each["manager"], each["operation"]): unmarked(each["fieldsV1"]) for each in metadata["managedFields"]}


def unmarked(fields: dict) -> dict:
    return {step: unmarked(inside) for step, inside in fields.items() if step != "."}


async def test_a_merge_patch_sets_and_removes(cluster: Cluster):
    await cluster.made(cluster.widgets, widget("one", {"a": 1, "b": {"c": 1, "d": 2}, "list": [1, 2]}))
    answer = await cluster.patch(f"{cluster.widgets}/one", {"spec": {"a": None, "b": {"c": 3}, "list": [9]}})
    assert answer.status == 200
    assert answer.json["spec"] == {"b": {"c": 3, "d": 2}, "list": [9]}
    assert answer.metadata["generation"] == 2


async def test_a_json_patch_does_as_told(cluster: Cluster):
    await cluster.made(cluster.widgets, widget("one", {"a": 1, "list": [1, 2]}))
    operations = [
        {"op": "test", "path": "/spec/a", "value": 1},
        {"op": "add", "path": "/spec/list/1", "value": 7},
        {"op": "add", "path": "/spec/list/-", "value": 8},
        {"op": "replace", "path": "/spec/a", "value": {"x/y": 1}},
        {"op": "copy", "from": "/spec/a/x~1y", "path": "/spec/b"},
        {"op": "move", "from": "/spec/b", "path": "/spec/c"},
        {"op": "remove", "path": "/spec/list/0"},
    ]
    answer = await cluster.patch(f"{cluster.widgets}/one", operations, JSON_PATCH)
    assert answer.json["spec"] == {"a": {"x/y": 1}, "list": [7, 2, 8], "c": 1}


async def test_a_json_patch_whose_test_fails_changes_nothing(cluster: Cluster):
    made = await cluster.made(cluster.widgets, widget("one", {"a": 1}))
    operations = [
        {"op": "replace", "path": "/spec/a", "value": 2},
        {"op": "test", "path": "/spec/a", "value": 1},
    ]
    assert (await cluster.patch(f"{cluster.widgets}/one", operations, JSON_PATCH)).refusal == (422, "Invalid")
    assert (await cluster.get(f"{cluster.widgets}/one")).version == made["metadata"]["resourceVersion"]


async def test_a_json_patch_can_test_that_a_field_is_not_there(cluster: Cluster):
    path = f"{cluster.widgets}/one"
    await cluster.made(cluster.widgets, widget("one", {"a": 1}))
    operations = [{"op": "test", "path": "/spec/b", "value": None}, {"op": "add", "path": "/spec/b", "value": 2}]
    assert (await cluster.patch(path, operations, JSON_PATCH)).json["spec"] == {"a": 1, "b": 2}
    assert (await cluster.patch(path, operations, JSON_PATCH)).refusal == (422, "Invalid")


async def test_metadata_that_is_emptied_is_left_out(cluster: Cluster):
    path = f"{cluster.widgets}/one"
    await cluster.made(cluster.widgets, widget("one", finalizers=["example.com/a"], annotations={"a": "b"}))
    emptied = await cluster.patch(path, {"metadata": {"finalizers": [], "annotations": {"a": None}}})
    assert not emptied.metadata.keys() & {"finalizers", "annotations"}
    made = await cluster.made(cluster.widgets, widget("two", finalizers=[], annotations={}, labels={}))
    assert not made["metadata"].keys() & {"finalizers", "annotations", "labels"}


async def test_nobody_says_when_an_object_goes(cluster: Cluster):
    path = f"{cluster.widgets}/one"
    when, grace = {"deletionTimestamp": "2001-01-01T00:00:00Z"}, {"deletionGracePeriodSeconds": 5}
    await cluster.made(cluster.widgets, widget("one", finalizers=["example.com/hold"]))
    for said in (when, grace):
        assert (await cluster.patch(path, {"metadata": said})).refusal == (422, "Invalid")
    going = await cluster.delete(path)
    later = await cluster.patch(path, {"metadata": when})
    assert later.metadata["deletionTimestamp"] == going.metadata["deletionTimestamp"]
    assert (await cluster.patch(path, {"metadata": grace})).refusal == (422, "Invalid")
    assert (await cluster.patch(path, {"metadata": {"finalizers": None}})).status == 200


async def test_when_an_object_came_stays_whatever_is_said(cluster: Cluster):
    made = await cluster.made(cluster.widgets, widget("one"))
    early = {"metadata": {"creationTimestamp": "2001-01-01T00:00:00Z"}}
    answer = await cluster.patch(f"{cluster.widgets}/one", early)
    assert answer.metadata["creationTimestamp"] == made["metadata"]["creationTimestamp"]


async def test_custom_resources_know_no_strategic_merge(cluster: Cluster):
    await cluster.made(cluster.widgets, widget("one"))
    answer = await cluster.patch(f"{cluster.widgets}/one", {}, STRATEGIC)
    assert answer.refusal == (415, "UnsupportedMediaType")


async def test_an_unknown_kind_of_patch_is_refused(cluster: Cluster):
    await cluster.made(cluster.widgets, widget("one"))
    answer = await cluster.patch(f"{cluster.widgets}/one", {}, "application/json")
    assert answer.refusal == (415, "UnsupportedMediaType")


async def test_a_strategic_merge_treats_finalizers_as_a_set(cluster: Cluster):
    path = f"{cluster.config_maps}/one"
    await cluster.made(cluster.config_maps, config_map("one", {"a": "1", "b": "2"}, finalizers=["example.com/a"]))
    patch = {"metadata": {"finalizers": ["example.com/b"]}, "data": {"b": None, "c": "3"}}
    answer = await cluster.patch(path, patch, STRATEGIC)
    assert set(answer.metadata["finalizers"]) == {"example.com/a", "example.com/b"}
    assert answer.json["data"] == {"a": "1", "c": "3"}
    removal = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["example.com/a"]}}
    answer = await cluster.patch(path, removal, STRATEGIC)
    assert answer.metadata["finalizers"] == ["example.com/b"]
    await cluster.patch(path, {"metadata": {"finalizers": None}})


async def test_a_patch_may_insist_on_a_resource_version(cluster: Cluster):
    path = f"{cluster.widgets}/one"
    made = await cluster.made(cluster.widgets, widget("one"))
    first = {"metadata": {"resourceVersion": made["metadata"]["resourceVersion"]}, "spec": {"size": 2}}
    assert (await cluster.patch(path, first)).status == 200
    again = await cluster.patch(path, {**first, "spec": {"size": 3}})
    assert again.refusal == (409, "Conflict")


async def test_a_patch_may_insist_on_a_uid(cluster: Cluster):
    path = f"{cluster.widgets}/one"
    made = await cluster.made(cluster.widgets, widget("one"))
    right = {"metadata": {"uid": made["metadata"]["uid"], "annotations": {"a": "b"}}}
    wrong = {"metadata": {"uid": "another", "annotations": {"a": "c"}}}
    assert (await cluster.patch(path, right)).status == 200
    assert (await cluster.patch(path, wrong)).refusal == (422, "Invalid")
    assert (await cluster.get(path)).metadata["annotations"] == {"a": "b"}


async def test_a_stale_version_counts_before_a_foreign_uid(cluster: Cluster):
    await cluster.made(cluster.widgets, widget("one"))
    both = {"metadata": {"uid": "another", "resourceVersion": "1"}}
    assert (await cluster.patch(f"{cluster.widgets}/one", both)).refusal == (409, "Conflict")


async def test_a_patch_under_a_uid_creates_nothing(cluster: Cluster):
    answer = await cluster.patch(f"{cluster.widgets}/one", {"metadata": {"uid": "another"}})
    assert answer.refusal == (404, "NotFound")


async def test_a_patch_can_be_answered_with_metadata(cluster: Cluster):
    await cluster.made(cluster.widgets, widget("one"))
    change = {"metadata": {"annotations": {"a": "b"}}}
    answer = await cluster.patch(f"{cluster.widgets}/one", change, accept=f"{PARTIAL},application/json")
    assert (answer.status, answer.json["kind"]) == (200, "PartialObjectMetadata")
    assert answer.metadata["annotations"] == {"a": "b"}
    assert "spec" not in answer.json


async def test_annotations_beyond_their_limit_are_invalid_however_small_the_patch(cluster: Cluster):
    path = f"{cluster.widgets}/one"
    await cluster.made(cluster.widgets, widget("one", annotations={"big": "x" * (255 * 1024)}))
    change = {"metadata": {"annotations": {"more": "x" * 2048}}}
    assert (await cluster.patch(path, change)).refusal == (422, "Invalid")
    assert (await cluster.patch(path, {"metadata": {"annotations": {"big": None}}})).status == 200


async def test_a_patch_cannot_rename(cluster: Cluster):
    await cluster.made(cluster.widgets, widget("one"))
    assert (await cluster.patch(f"{cluster.widgets}/one", {"metadata": {"name": "two"}})).refusal == (400, "BadRequest")


@pytest.mark.parametrize("content_type", [MERGE, JSON_PATCH, APPLY])
async def test_a_patch_that_is_none_is_a_bad_request(cluster: Cluster, content_type):
    await cluster.made(cluster.widgets, widget("one"))
    answer = await cluster.send(
        "PATCH", f"{cluster.widgets}/one", b'{"a":', content_type=content_type, fieldManager="someone"
    )
    assert answer.refusal == (400, "BadRequest")


@pytest.mark.parametrize(
    "metadata", [{"annotations": "v"}, {"annotations": {"a": 1}}, {"finalizers": {"a": "b"}}], ids=str
)
async def test_a_patch_that_leaves_metadata_of_other_types_is_invalid(cluster: Cluster, metadata):
    path = f"{cluster.widgets}/one"
    await cluster.made(cluster.widgets, widget("one"))
    operations = [{"op": "add", "path": f"/metadata/{field}", "value": value} for field, value in metadata.items()]
    assert (await cluster.patch(path, {"metadata": metadata})).refusal == (422, "Invalid")
    assert (await cluster.patch(path, operations, JSON_PATCH)).refusal == (422, "Invalid")


async def test_every_writer_owns_what_it_wrote(cluster: Cluster):
    path = f"{cluster.widgets}/one"
    await cluster.create(cluster.widgets, widget("one", annotations={"a": "1", "b": "1"}), fieldManager="maker")
    patched = await cluster.patch(path, {"metadata": {"annotations": {"b": "2"}}}, fieldManager="changer")
    held = owners(patched.metadata)
    assert held["maker", "Update"]["f:metadata"] == {"f:annotations": {"f:a": {}}}
    assert held["maker", "Update"]["f:spec"] == {"f:size": {}}
    assert held["changer", "Update"] == {"f:metadata": {"f:annotations": {"f:b": {}}}}


async def test_the_user_agent_names_who_does_not_say_who_writes(cluster: Cluster):
    made = await cluster.made(cluster.widgets, widget("one"))
    (entry,) = made["metadata"]["managedFields"]
    assert entry["manager"] == "Python"
    assert (entry["operation"], entry["apiVersion"], entry["fieldsType"]) == (
        "Update",
        "contract.example.com/v1",
        "FieldsV1",
    )


async def test_what_is_applied_is_created_when_it_is_not_there(cluster: Cluster):
    path = f"{cluster.widgets}/one"
    answer = await cluster.apply(path, widget("one", {"a": 1}), "alice")
    assert answer.status == 201
    assert owners(answer.metadata) == {("alice", "Apply"): {"f:spec": {"f:a": {}}}}
    again = await cluster.apply(path, widget("one", {"a": 1}), "alice")
    assert (again.status, again.version) == (200, answer.version)


async def test_what_is_no_longer_applied_is_removed(cluster: Cluster):
    path = f"{cluster.widgets}/one"
    await cluster.apply(path, widget("one", {"a": 1, "b": 1}, annotations={"x": "1"}), "alice")
    await cluster.patch(path, {"spec": {"c": 3}}, fieldManager="bob")
    answer = await cluster.apply(path, widget("one", {"a": 2}), "alice")
    assert answer.json["spec"] == {"a": 2, "c": 3}
    assert "annotations" not in answer.metadata


async def test_what_another_owns_with_another_value_is_a_conflict_unless_forced(cluster: Cluster):
    path = f"{cluster.widgets}/one"
    await cluster.apply(path, widget("one", {"a": 1, "b": 1}), "alice")
    refused = await cluster.apply(path, widget("one", {"a": 2}), "bob")
    assert refused.refusal == (409, "Conflict")
    (cause,) = refused.json["details"]["causes"]
    assert (cause["reason"], cause["field"]) == ("FieldManagerConflict", ".spec.a")
    assert cause["message"] == 'conflict with "alice"'
    forced = await cluster.apply(path, widget("one", {"a": 2}), "bob", force="true")
    assert forced.json["spec"] == {"a": 2, "b": 1}
    held = owners(forced.metadata)
    assert held["bob", "Apply"] == {"f:spec": {"f:a": {}}}
    assert held["alice", "Apply"] == {"f:spec": {"f:b": {}}}


async def test_two_may_own_the_same_value(cluster: Cluster):
    path = f"{cluster.widgets}/one"
    await cluster.apply(path, widget("one", {"a": 1}), "alice")
    assert (await cluster.apply(path, widget("one", {"a": 1}), "bob")).status == 200
    left = await cluster.apply(path, widget("one", {}), "alice")
    assert left.json["spec"] == {"a": 1}


async def test_applied_finalizers_join_those_of_others(cluster: Cluster):
    path = f"{cluster.widgets}/one"
    await cluster.made(cluster.widgets, widget("one", finalizers=["example.com/a"]))
    wanted = widget("one", {}, finalizers=["example.com/b"])
    del wanted["spec"]
    joined = await cluster.apply(path, wanted, "alice")
    assert set(joined.metadata["finalizers"]) == {"example.com/a", "example.com/b"}
    del wanted["metadata"]["finalizers"]
    left = await cluster.apply(path, wanted, "alice")
    assert left.metadata["finalizers"] == ["example.com/a"]
    await cluster.patch(path, {"metadata": {"finalizers": None}})


async def test_applying_under_a_uid_does_not_create(cluster: Cluster):
    answer = await cluster.apply(f"{cluster.widgets}/one", widget("one", uid="gone"), "alice")
    assert answer.refusal == (409, "Conflict")
    await cluster.made(cluster.widgets, widget("one"))
    answer = await cluster.apply(f"{cluster.widgets}/one", widget("one", uid="gone"), "alice")
    assert answer.refusal == (422, "Invalid")


async def test_who_applies_must_say_who(cluster: Cluster):
    answer = await cluster.patch(f"{cluster.widgets}/one", widget("one"), APPLY)
    assert answer.status in (400, 422)


async def test_yaml_can_be_applied(cluster: Cluster):
    body = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\ndata:\n  at: 2026-01-02T03:04:05Z\n"
    answer = await cluster.apply(f"{cluster.config_maps}/one", body, "alice")
    assert answer.status == 201
    assert answer.json["data"] == {"at": "2026-01-02T03:04:05Z"}
