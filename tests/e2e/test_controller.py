"""The whole service on a real Kubernetes API and a real registry, with exactly the rights that `config/` gives it."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.cluster import ACCOUNT, SETTINGS, SYSTEM, E2eCluster, try_kubectl, until
from tests.e2e.images import push_image
from tests.e2e.service import at_work, reached, service, told
from tests.faults.runs import pipelinerun, taskrun
from tests.peers.cosign import Cosign, both_cosigns
from tests.peers.docker_registry import docker_registry

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]
THEIRS = "example.com/theirs"


@both_cosigns
async def test_a_build_is_signed_and_verifies(cosign_name: str, cluster: E2eCluster, tmp_path: Path) -> None:
    async with docker_registry(tmp_path) as address, at_work(cluster, tmp_path):
        image = await push_image(address, "team/app", "one")
        run = cluster.build(taskrun("build", (image,)))
        await reached("true", cluster, run)
        (tmp_path / "cosign.pub").write_bytes(cluster.public_keys[-1])
        cosign = Cosign(cosign_name, tmp_path)
        assert (await cosign.verify(tmp_path / "cosign.pub", image)).succeeded
        assert (await cosign.verify_attestation(tmp_path / "cosign.pub", image)).succeeded


async def test_a_pipeline_is_attested_after_its_children(cluster: E2eCluster, tmp_path: Path) -> None:
    async with docker_registry(tmp_path) as address, at_work(cluster, tmp_path):
        image = await push_image(address, "team/app", "pipeline")
        parent = cluster.begin(pipelinerun("release", (image,), ("child",), done=False))
        child = cluster.build(taskrun("child", (image,), parent=parent["metadata"]))
        await reached("true", cluster, child)
        assert cluster.mark(parent) is None
        cluster.end(parent)
        await reached("true", cluster, parent)
        (tmp_path / "cosign.pub").write_bytes(cluster.public_keys[-1])
        cosign = Cosign("cosign-3", tmp_path)
        verified = await cosign.verify_attestation(tmp_path / "cosign.pub", image, kind="slsaprovenance1")
        assert verified.succeeded, verified


async def test_as_it_is_shipped_it_signs_in_every_namespace(cluster: E2eCluster, tmp_path: Path) -> None:
    there = E2eCluster.open(cluster.plane, cluster.kubeconfig)
    try:
        async with docker_registry(tmp_path) as address, at_work(cluster, tmp_path, everywhere=True):
            images = [await push_image(address, "team/app", seed) for seed in ("here", "there")]
            here_too = cluster.build(taskrun("here", images[:1]))
            await reached("true", there, there.build(taskrun("there", images[1:])))
            await reached("true", cluster, here_too)
    finally:
        there.close()


async def test_a_run_that_is_deleted_as_soon_as_it_is_done_is_signed_and_goes(
    cluster: E2eCluster, tmp_path: Path
) -> None:
    async with docker_registry(tmp_path) as address:
        image = await push_image(address, "team/app", "early")
        async with at_work(cluster, tmp_path):
            run = cluster.begin(taskrun("early", (image,), done=False))
            await asyncio.to_thread(until, lambda: bool(cluster.finalizers(run)), "held")
        cluster.end(run)
        cluster.delete(run)
        assert cluster.mark(run) is None
        async with at_work(cluster, tmp_path):
            await reached("gone", cluster, run)
        (tmp_path / "cosign.pub").write_bytes(cluster.public_keys[-1])
        assert (await Cosign("cosign-3", tmp_path).verify(tmp_path / "cosign.pub", image)).succeeded


async def test_finalizers_of_tekton_chains_are_freed_and_those_of_others_stay(
    cluster: E2eCluster, tmp_path: Path
) -> None:
    async with docker_registry(tmp_path) as address, at_work(cluster, tmp_path):
        image = await push_image(address, "team/app", "held")
        found = taskrun("held", (image,))
        found["metadata"]["finalizers"] = ["chains.tekton.dev", "chains.tekton.dev/taskrun", THEIRS]
        run = cluster.build(found)
        await reached("true", cluster, run)
        stored = cluster.get(run)
        assert stored is not None
        assert stored["metadata"]["finalizers"] == [THEIRS]


async def test_a_rotated_key_and_a_changed_setting_are_picked_up(cluster: E2eCluster, tmp_path: Path) -> None:
    async with docker_registry(tmp_path) as address, at_work(cluster, tmp_path) as process:
        first, second = [await push_image(address, "team/app", seed) for seed in ("before", "after")]
        await reached("true", cluster, cluster.build(taskrun("before", (first,))))
        public = cluster.write_key()
        cluster.write_settings(SETTINGS | {"artifacts.taskrun.format": "slsa/v2alpha4"})
        await told(process, "is in force", times=2)
        await reached("true", cluster, cluster.build(taskrun("after", (second,))))
        (tmp_path / "cosign.pub").write_bytes(public)
        cosign = Cosign("cosign-3", tmp_path)
        attested = await cosign.verify_attestation(tmp_path / "cosign.pub", second, kind="slsaprovenance1")
        assert attested.succeeded, attested
        assert not (await cosign.verify(tmp_path / "cosign.pub", first)).succeeded


async def test_a_restart_of_the_api_in_the_middle_of_a_burst_loses_nothing(cluster: E2eCluster, tmp_path: Path) -> None:
    async with docker_registry(tmp_path) as address, at_work(cluster, tmp_path):
        images = [await push_image(address, f"team/app-{number % 4}", f"burst {number}") for number in range(60)]
        for number, image in enumerate(images):
            cluster.build(taskrun(f"burst-{number}", (image,)))
            if number == 30:
                await asyncio.to_thread(cluster.plane.stop_api)
                await asyncio.to_thread(cluster.plane.start_api)
        everything = ["true"] * len(images)
        await asyncio.to_thread(until, lambda: [*cluster.marks().values()] == everything, "all signed", 120.0)


async def test_runs_that_were_there_before_are_signed_and_told_of_in_pages(cluster: E2eCluster, tmp_path: Path) -> None:
    async with docker_registry(tmp_path) as address:
        image = await push_image(address, "team/app", "old")
        runs = [cluster.build(taskrun(f"old-{number}", (image,))) for number in range(40)]
        async with at_work(cluster, tmp_path):
            await reached("true", cluster, *runs)


async def test_a_run_that_cannot_be_signed_is_failed_with_an_event(cluster: E2eCluster, tmp_path: Path) -> None:
    process = service(cluster, cluster.kubeconfig, tmp_path)
    await process.start()
    try:
        image = "169.254.169.254/team/app@sha256:" + "a1" * 32
        await reached("failed", cluster, cluster.build(taskrun("refused", (image,))))
    finally:
        await process.close()  # what is still to be told is told before it ends
    events = cluster.plane.ask("GET", f"/api/v1/namespaces/{cluster.namespace}/events")["items"]
    assert [event["reason"] for event in events] == ["Failed"]


async def test_without_a_right_to_read_settings_it_says_so_and_signs_nothing(
    cluster: E2eCluster, tmp_path: Path
) -> None:
    stranger = cluster.plane.service_account(cluster.namespace, "default")
    process = service(cluster, stranger, tmp_path)
    await process.start()
    try:
        run = cluster.build(taskrun("left", ("registry.example.com/a/b@sha256:" + "a1" * 32,)))
        await told(process, f'in the namespace \\"{SYSTEM}\\"')
        assert cluster.mark(run) is None
    finally:
        await process.close()


async def test_runs_of_a_namespace_that_is_going_are_signed_or_given_up_and_go(
    cluster: E2eCluster, tmp_path: Path
) -> None:
    process = service(cluster, cluster.kubeconfig, tmp_path)
    async with docker_registry(tmp_path) as address:
        image = await push_image(address, "team/app", "going")
        refused = "169.254.169.254/team/app@sha256:" + "a1" * 32
        await process.start()
        try:
            runs = [cluster.begin(taskrun(name, (of,), done=False)) for name, of in (("a", image), ("b", refused))]
            await asyncio.to_thread(until, lambda: all(map(cluster.finalizers, runs)), "held")
            cluster.plane.ask("DELETE", f"/api/v1/namespaces/{cluster.namespace}")
            late = try_kubectl(cluster.plane, "create", "configmap", "late", "-n", cluster.namespace)
            assert "is being terminated" in late.stderr
            for run in runs:
                cluster.delete(cluster.end(run))
            await reached("gone", cluster, *runs)
            await told(process, '"event": "signed"')
        finally:
            await process.close()


async def test_a_mark_that_somebody_else_left_counts_only_if_they_are_trusted(
    cluster: E2eCluster, tmp_path: Path
) -> None:
    cluster.write_settings({**SETTINGS, "marks.trusted-managers": "somebody"})
    async with docker_registry(tmp_path) as address:
        image = await push_image(address, "team/app", "forged")
        before, after, trusted = [_marked(taskrun(name, (image,))) for name in ("before", "after", "trusted")]
        forged = [cluster.build(before, manager="nobody")]
        async with at_work(cluster, tmp_path) as process:
            await told(process, "configuration in force")
            left = cluster.build(trusted, manager="somebody")
            forged.append(cluster.build(after, manager="nobody"))
            await told(process, '"event": "signed"', times=2)
            await reached("true", cluster, *forged)
    assert [_owners(cluster, run) for run in (*forged, left)] == [{ACCOUNT}, {ACCOUNT}, {"somebody"}]
    events = cluster.plane.ask("GET", f"/api/v1/namespaces/{cluster.namespace}/events")["items"]
    told_of = {(event["reason"], event["involvedObject"]["name"]) for event in events}
    assert told_of == {("ForgedMark", "before"), ("ForgedMark", "after")}


def _marked(run: dict[str, Any]) -> dict[str, Any]:
    run["metadata"]["annotations"]["chains.tekton.dev/signed"] = "true"
    return run


def _owners(cluster: E2eCluster, run: dict[str, Any]) -> set[str]:
    """Return who owns the mark of a run."""
    stored = cluster.get(run)
    assert stored is not None
    fields = {each["manager"]: each["fieldsV1"] for each in stored["metadata"]["managedFields"]}
    mark = "f:chains.tekton.dev/signed"
    return {who for who, owned in fields.items() if mark in owned.get("f:metadata", {}).get("f:annotations", {})}
