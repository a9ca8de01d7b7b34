"""The service against embedded servers, end to end."""

import asyncio
import base64
from pathlib import Path

from chains.controller.turn import End
from chains.demo.faults import Fault
from chains.demo.kubernetes.checks import ANNOTATIONS_LIMIT
from chains.demo.world import PASSWORD, SECRET, SYSTEM_NAMESPACE
from chains.keys.generate import generate_key_pair
from chains.keys.verifier import KeyVerifier
from chains.kube.resources import SECRETS, TASK_RUNS
from chains.registry.client import RegistryClient
from chains.registry.cosign_images import CosignImages
from chains.registry.credentials import ChainedKeychain
from chains.runs.marks import REASON, SIGNED
from tests.builders import taskrun_object
from tests.world.builders import NAMESPACE, OCI, build, inhabited

MOST_REQUESTS_PER_RUN = 14


def config_map(**changes: str) -> dict[str, object]:
    data = OCI | {name.replace("__", "."): value for name, value in changes.items()}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "chains-config", "namespace": SYSTEM_NAMESPACE},
        "data": data,
    }


def key_secret(private_pem: bytes, password: bytes) -> dict[str, object]:
    files = {"cosign.key": private_pem, "cosign.password": password}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": SECRET, "namespace": SYSTEM_NAMESPACE},
        "data": {name: base64.b64encode(content).decode() for name, content in files.items()},
    }


async def key_ids(image: object) -> set[str]:
    async with RegistryClient() as client:
        found = await CosignImages(client, ChainedKeychain()).attestations(image)  # type: ignore[arg-type]
    return {signed.signature.key_id for signed in found}


async def test_a_finished_run_is_signed_marked_and_verifies(tmp_path: Path) -> None:
    async with inhabited(tmp_path) as here:
        image = await here.apply_build("one")
        await here.until(End.SIGNED)
        assert here.annotations("one")[SIGNED] == "true"
        assert REASON not in here.annotations("one")
        await here.verify(image)


async def test_a_run_costs_few_requests(tmp_path: Path) -> None:
    async with inhabited(tmp_path) as here:
        await here.apply_build("first")
        await here.until(End.SIGNED)
        here.world.registry.requests.reset()
        here.world.kubernetes.requests.clear()
        await here.apply_build("second")
        await here.until(End.SIGNED)
        assert here.world.registry.requests.total() <= MOST_REQUESTS_PER_RUN
        assert dict(here.world.kubernetes.requests) == {("get", "taskruns"): 1, ("patch", "taskruns"): 1}


async def test_runs_of_one_image_keep_all_their_attestations(tmp_path: Path) -> None:
    async with inhabited(tmp_path) as here:
        image = here.world.registry.push_image("team/app", seed="shared")
        for number in range(16):
            await here.world.kubernetes.apply(build(f"run-{number}", image))
        for _ in range(16):
            await here.until(End.SIGNED)
        async with RegistryClient() as client:
            stored = CosignImages(client, ChainedKeychain())
            assert len(await stored.attestations(image)) == 16
            assert len(await stored.signatures(image)) == 1


async def test_nothing_to_sign_is_marked_with_the_reason(tmp_path: Path) -> None:
    async with inhabited(tmp_path) as here:
        found = taskrun_object("bare", namespace=NAMESPACE)
        del found["metadata"]["uid"]
        await here.world.kubernetes.apply(found)
        await here.until(End.NOTHING_TO_SIGN)
        assert here.annotations("bare")[SIGNED] == "true"
        assert "names an artifact" in here.annotations("bare")[REASON]


async def test_a_malformed_digest_is_not_signed_and_the_mark_says_why(tmp_path: Path) -> None:
    async with inhabited(tmp_path) as here:
        results = {"IMAGE_URL": f"{here.world.registry.address}/team/app", "IMAGE_DIGEST": "sha256:short"}
        found = taskrun_object("bad", namespace=NAMESPACE, results=results)
        del found["metadata"]["uid"]
        await here.world.kubernetes.apply(found)
        await here.until(End.NOTHING_TO_SIGN)
        assert "64 hex digits" in here.annotations("bad")[REASON]


async def test_a_changed_configuration_applies_without_a_restart(tmp_path: Path) -> None:
    async with inhabited(tmp_path) as here:
        before = here.service.state.parts
        while before is None:
            await asyncio.sleep(0.01)
            before = here.service.state.parts
        await here.world.kubernetes.apply(config_map(builder__id="https://example.com/builder"))
        while here.service.state.parts is before:
            await asyncio.sleep(0.01)
        await here.apply_build("one")
        [attestation, _] = (await here.until(End.SIGNED)).receipts
        assert b"https://example.com/builder" in attestation.request.payload.body


async def test_garbage_in_the_configuration_keeps_the_last_good_one(tmp_path: Path) -> None:
    async with inhabited(tmp_path) as here:
        await here.apply_build("one")
        await here.until(End.SIGNED)
        await here.world.kubernetes.apply(config_map(artifacts__oci__format="rubbish"))
        await here.apply_build("two")
        await here.until(End.SIGNED)
        assert here.service.state.unready() == ()


async def test_a_new_key_is_picked_up_without_a_restart(tmp_path: Path) -> None:
    async with inhabited(tmp_path) as here:
        old = await here.apply_build("one")
        await here.until(End.SIGNED)
        pair = generate_key_pair(b"new")
        await here.delete(SECRETS, SECRET, SYSTEM_NAMESPACE)
        await here.world.kubernetes.apply(key_secret(pair.private_pem, b"new\n"))
        await here.service.look_for_keys()
        new = await here.apply_build("two")
        await here.until(End.SIGNED)
        assert await key_ids(old) == {here.world.verifier.key_id}
        assert await key_ids(new) == {KeyVerifier.from_pem(pair.public_pem).key_id}


async def test_a_wrong_password_makes_it_wait_and_fails_nothing(tmp_path: Path) -> None:
    async with inhabited(tmp_path) as here:
        secret = here.world.kubernetes.get("Secret", SECRET, SYSTEM_NAMESPACE)
        assert secret is not None
        private = base64.b64decode(secret["data"]["cosign.key"])
        await here.delete(SECRETS, SECRET, SYSTEM_NAMESPACE)
        await here.world.kubernetes.apply(key_secret(private, b"wrong"))
        await here.service.look_for_keys()
        assert any("password" in trouble for trouble in here.service.state.unready())
        image = await here.apply_build("one")
        await here.until(End.BLOCKED)
        assert SIGNED not in here.annotations("one")
        await here.delete(SECRETS, SECRET, SYSTEM_NAMESPACE)
        await here.world.kubernetes.apply(key_secret(private, PASSWORD))
        await here.service.look_for_keys()
        await here.until(End.SIGNED)
        await here.verify(image)


async def test_a_registry_that_refuses_for_good_is_named_on_the_run(tmp_path: Path) -> None:
    async with inhabited(tmp_path) as here:
        here.world.registry.faults.add(Fault(method="POST", status=405))
        await here.apply_build("one")
        await here.until(End.FAILED)
        assert here.annotations("one")[SIGNED] == "failed"
        assert here.world.registry.address in here.annotations("one")[REASON]
        while not (events := here.world.kubernetes.objects("Event", NAMESPACE)):
            await asyncio.sleep(0.01)
        [event] = events
        assert (event["type"], event["reason"], event["involvedObject"]["name"]) == ("Warning", "Failed", "one")


async def test_a_run_whose_annotations_are_full_is_let_go_without_a_mark_and_told_of(tmp_path: Path) -> None:
    async with inhabited(tmp_path) as here:
        found = build("full", here.world.registry.push_image("team/app", seed="full"))
        found["metadata"]["annotations"] = {"a/b": "x" * (ANNOTATIONS_LIMIT - 3)}
        found["metadata"]["finalizers"] = ["chains.tekton.dev/taskrun"]
        await here.world.kubernetes.apply(found)
        assert "it cannot be marked as failed" in (await here.until(End.FAILED)).sentence
        assert here.finalizers("full") == []
        while not here.world.kubernetes.objects("Event", NAMESPACE):
            await asyncio.sleep(0.01)


async def test_a_registry_that_fails_for_a_while_costs_nothing_but_time(tmp_path: Path) -> None:
    async with inhabited(tmp_path) as here:
        here.world.registry.faults.add(Fault(method="PUT", path="/manifests/", status=503, times=2))
        image = await here.apply_build("one")
        await here.until(End.RETRY)
        await here.until(End.SIGNED)
        await here.verify(image)


async def test_the_watch_survives_being_cut_and_a_forgotten_history(tmp_path: Path) -> None:
    async with inhabited(tmp_path) as here:
        await here.apply_build("one")
        await here.until(End.SIGNED)
        here.world.kubernetes.watches.cut()
        await here.apply_build("two")
        await here.until(End.SIGNED, "two")
        here.world.kubernetes.compact()
        here.world.kubernetes.watches.cut()
        await here.apply_build("three")
        await here.until(End.SIGNED, "three")


async def test_a_run_deleted_before_its_turn_is_signed_from_its_last_state(tmp_path: Path) -> None:
    async with inhabited(tmp_path) as here:
        gate = asyncio.Event()
        here.world.kubernetes.faults.add(Fault(method="GET", path="taskruns/one", hold=gate, times=1))
        image = await here.apply_build("one")
        while ("get", "taskruns") not in here.world.kubernetes.requests:
            await asyncio.sleep(0.01)
        await here.delete(TASK_RUNS, "one")
        gate.set()
        await here.until(End.SIGNED)
        await here.verify(image)


async def test_a_run_in_progress_is_held_and_let_go_once_it_is_signed(tmp_path: Path) -> None:
    async with inhabited(tmp_path) as here:
        image = here.world.registry.push_image("team/app", seed="held")
        found = build("one", image)
        found["status"]["conditions"][0]["status"] = "Unknown"
        await here.world.kubernetes.apply(found)
        await here.until(End.HELD)
        assert here.finalizers("one") == ["chains.tekton.dev/taskrun"]
        await here.delete(TASK_RUNS, "one")
        stored = here.world.kubernetes.get("TaskRun", "one", NAMESPACE)
        assert stored is not None
        stored["status"]["conditions"][0]["status"] = "True"
        await here.world.kubernetes.apply(stored)
        await here.until(End.SIGNED)
        await here.verify(image)
        assert here.world.kubernetes.get("TaskRun", "one", NAMESPACE) is None
