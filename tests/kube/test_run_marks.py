"""Marks on runs, guarded by the uid."""

import json

import pytest

from chains.errors import EdgeError, InputError
from chains.kube.refusals import InvalidError
from chains.kube.resources import PIPELINE_RUNS, TASK_RUNS
from chains.kube.run_marks import patch_run, read_run
from chains.runs.sighting import RunKey
from tests.kube.builders import ScriptedApi, connected, found, refused, run

PATH = TASK_RUNS.path("builds", "one")
IMMUTABLE = refused(422, "Invalid", 'TaskRun "one" is invalid: metadata.uid: Invalid value: "u1": field is immutable')
PRECONDITION = refused(409, "Conflict", "Precondition failed: UID in precondition: u1, UID in object meta: u2")


async def patched(tmp_path, script, uid="u1", annotations=None):
    async with connected(tmp_path, script) as client:
        key = RunKey("TaskRun", "builds", "one", uid)
        return await patch_run(client, key, annotations or {"chains.tekton.dev/signed": "true"})


async def test_a_mark_is_one_merge_patch_that_carries_the_uid(tmp_path):
    script = ScriptedApi().on("PATCH", PATH, found(run("one")))
    assert await patched(tmp_path, script, annotations={"a": "1", "b": None}) is True
    [asked] = script.asked
    assert asked.json == {"metadata": {"uid": "u1", "annotations": {"a": "1", "b": None}}}
    assert asked.query == {"fieldManager": "tekton-chains-controller"}


async def test_pipeline_runs_are_marked_too(tmp_path):
    script = ScriptedApi().on("PATCH", PIPELINE_RUNS.path("builds", "one"), found(run("one")))
    async with connected(tmp_path, script) as client:
        assert await patch_run(client, RunKey("PipelineRun", "builds", "one", "u1"), {"a": "1"}) is True


async def test_a_run_that_is_gone_is_not_marked(tmp_path):
    assert await patched(tmp_path, ScriptedApi()) is False


@pytest.mark.parametrize("refusal", [IMMUTABLE, PRECONDITION])
async def test_a_run_created_anew_under_the_same_name_is_not_marked(tmp_path, refusal):
    script = ScriptedApi().on("PATCH", PATH, refusal).on("GET", PATH, found(run("one", uid="u2")))
    assert await patched(tmp_path, script) is False


@pytest.mark.parametrize("refusal", [IMMUTABLE, PRECONDITION])
async def test_a_run_created_anew_and_gone_again_is_not_marked(tmp_path, refusal):
    assert await patched(tmp_path, ScriptedApi().on("PATCH", PATH, refusal)) is False


async def test_a_refusal_for_another_reason_raises(tmp_path):
    long = refused(422, "Invalid", "metadata.annotations: Too long: may not be more than 262144 bytes")
    script = ScriptedApi().on("PATCH", PATH, long).on("GET", PATH, found(run("one", uid="u1")))
    with pytest.raises(InvalidError, match="may not be more than 262144 bytes") as caught:
        await patched(tmp_path, script)
    assert not caught.value.transient


async def test_a_run_is_read_when_it_is_still_the_same(tmp_path):
    async with connected(tmp_path, ScriptedApi().on("GET", PATH, found(run("one", uid="u1")))) as client:
        body = await read_run(client, RunKey("TaskRun", "builds", "one", "u1"))
        assert json.loads(body or b"") == run("one", uid="u1")
        assert await read_run(client, RunKey("TaskRun", "builds", "one", "u2")) is None
        assert await read_run(client, RunKey("TaskRun", "builds", "two", "u1")) is None


async def test_what_is_no_run_is_transient(tmp_path):
    async with connected(tmp_path, ScriptedApi().on("GET", PATH, found({"metadata": 7}))) as client:
        with pytest.raises(EdgeError, match="something other than a run") as caught:
            await read_run(client, RunKey("TaskRun", "builds", "one", "u1"))
    assert caught.value.transient


async def test_only_kinds_of_runs_are_marked(tmp_path):
    async with connected(tmp_path, ScriptedApi()) as client:
        with pytest.raises(InputError, match="'Pod' is not a kind of run: TaskRun and PipelineRun are"):
            await patch_run(client, RunKey("Pod", "builds", "one", "u1"), {})
