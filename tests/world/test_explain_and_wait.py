"""`chains explain` and `chains wait` against a cluster and a registry."""

import asyncio
import json
import os
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from chains.artifacts.reference import ImageReference
from chains.controller.turn import End
from chains.demo.faults import Fault
from chains.demo.rekor.server import RekorServer
from chains.demo.world import SYSTEM_NAMESPACE, world
from chains.keys.generate import generate_key_pair
from chains.registry.client import RegistryClient
from chains.registry.cosign_images import CosignImages
from chains.registry.credentials import ChainedKeychain
from chains.rekor.log_key import LogKey
from chains.rekor.log_v1 import LogV1
from chains.runs.marks import SIGNED
from tests.cli.command import ROOT, chains
from tests.world.builders import NAMESPACE, OCI, Here, build, inhabited

PIPELINES = OCI | {"artifacts.pipelinerun.storage": "oci"}


async def ran(*arguments: str | Path) -> CompletedProcess[str]:
    return await asyncio.to_thread(chains, *arguments)


async def waited(here: Here, what: str, *flags: str, key: Path | None = None) -> CompletedProcess[str]:
    """Run `chains wait` for something of the world."""
    key = key or here.world.public_key
    cluster = ("--kubeconfig", here.world.kubeconfig, "-n", NAMESPACE)
    return await ran("wait", what, "--key", key, "--insecure-ignore-tlog", *cluster, *flags)


async def test_a_signed_run_is_explained_with_what_stands_beside_its_image(tmp_path: Path) -> None:
    async with inhabited(tmp_path, PIPELINES) as here:
        image = await here.apply_build("one")
        await here.until(End.SIGNED)
        done = await ran("explain", f"{NAMESPACE}/one", "--kubeconfig", here.world.kubeconfig, "-o", "json")
        [row] = json.loads(done.stdout)
        assert row["run"] == f"TaskRun {NAMESPACE}/one"
        assert row["stored"] == [f"beside {image}: 1 signature, 1 attestation, not verified here"]
        assert row["happened"] == ["it is marked as signed"]
        assert row["advice"] == []
        as_kubectl_names_it = ("explain", "taskrun/one", "-n", NAMESPACE, "--kubeconfig", here.world.kubeconfig)
        assert (await ran(*as_kubectl_names_it, "-o", "json")).stdout == done.stdout


async def test_a_run_that_is_retried_is_explained_by_its_events(tmp_path: Path) -> None:
    async with inhabited(tmp_path, PIPELINES) as here:
        here.world.registry.faults.add(Fault(method="PUT", path="/manifests/", status=503))
        await here.apply_build("one")
        await here.until(End.RETRY)
        while not here.world.kubernetes.objects("Event", NAMESPACE):
            await asyncio.sleep(0.01)
        done = await ran("explain", f"{NAMESPACE}/one", "--kubeconfig", here.world.kubeconfig)
        assert "Retrying" in done.stdout
        assert "out of order" in done.stdout


async def test_a_store_that_is_empty_or_away_and_settings_that_are_gone_come_with_what_helps(tmp_path: Path) -> None:
    async with world(tmp_path, PIPELINES, (NAMESPACE,)) as here:
        marked = build("copied", here.registry.push_image("team/app", seed="c"))
        marked["metadata"]["annotations"][SIGNED] = "true"
        await here.kubernetes.apply(marked)
        asked = ("explain", f"{NAMESPACE}/copied", "--kubeconfig", here.kubeconfig)
        empty = (await ran(*asked)).stdout
        assert "it is marked as signed, and nothing stands beside" in empty
        assert f"chains resign taskrun/copied -n {NAMESPACE} has it stored again" in empty
        here.registry.faults.add(Fault(path="/manifests/", status=503))
        here.kubernetes.faults.add(Fault(path="/configmaps/chains-config", status=403))
        away = (await ran(*asked)).stdout
        assert "chains-config cannot be read, so the defaults are taken for it" in away
        assert "ask with the right to get ConfigMaps there" in away
        here.kubernetes.faults.clear()
        away = (await ran(*asked)).stdout
        assert "cannot be looked at" in away
        assert "the other side is out of order" in away


@pytest.mark.parametrize("name", ["nofile.yaml", "./nofile", "/nofile", "run.json"])
async def test_a_file_that_is_not_there_is_no_run_of_a_cluster(name: str) -> None:
    done = await ran("explain", name)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{name.removeprefix('./')} cannot be read" in done.stderr


async def test_a_file_is_explained_without_a_cluster() -> None:
    done = await ran("explain", "samples/buildah-kyverno-pipeline.yaml", "--no-registry")
    assert done.returncode == 0
    assert "write $(params.IMAGE) into it" in done.stdout


async def test_waiting_for_a_run_ends_when_all_of_it_verifies(tmp_path: Path) -> None:
    async with inhabited(tmp_path, PIPELINES) as here:
        image = here.world.registry.push_image("team/app", seed="late")
        begun = build("late", image)
        finished, begun["status"] = begun["status"], {}
        await here.world.kubernetes.apply(begun)
        waiting = asyncio.create_task(waited(here, "taskrun/late"))
        await here.world.kubernetes.watches.running(2, "taskruns")  # the service's, and the command's
        held = here.world.kubernetes.get("TaskRun", "late", NAMESPACE)
        assert held is not None
        await here.world.kubernetes.apply({**held, "status": finished})
        done = await waiting
        assert (done.returncode, done.stdout) == (0, "taskrun/late is signed and attested\n"), done.stderr
        again = await waited(here, str(image))
        assert again.returncode == 0


async def test_waiting_ends_with_3_when_the_time_is_over_and_says_why(tmp_path: Path) -> None:
    async with inhabited(tmp_path, PIPELINES) as here:
        image = await here.apply_build("one")
        await here.until(End.SIGNED)
        other = tmp_path / "other.pub"
        other.write_bytes(generate_key_pair(b"").public_pem)
        done = await waited(here, str(image), "--timeout", "1s", key=other)
        assert done.returncode == 3
        assert "no matching signatures" in done.stderr
        unsigned = here.world.registry.push_image("team/app", seed="never")
        assert (await waited(here, str(unsigned), "--timeout", "1s")).returncode == 3


async def test_waiting_ends_with_4_for_a_run_that_is_given_up(tmp_path: Path) -> None:
    async with inhabited(tmp_path, PIPELINES) as here:
        here.world.registry.faults.add(Fault(method="POST", status=405))
        await here.apply_build("one")
        await here.until(End.FAILED)
        done = await waited(here, "taskrun/one")
        assert done.returncode == 4
        assert "given up" in done.stderr


async def test_waiting_ends_with_4_for_a_run_with_nothing_to_sign(tmp_path: Path) -> None:
    async with inhabited(tmp_path, PIPELINES) as here:
        found = build("empty", here.world.registry.push_image("team/app", seed="e"))
        found["status"]["results"] = []
        await here.world.kubernetes.apply(found)
        await here.until(End.NOTHING_TO_SIGN)
        assert (await waited(here, "taskrun/empty")).returncode == 4


async def test_waiting_ends_with_5_for_what_cannot_be_judged(tmp_path: Path) -> None:
    async with world(
        tmp_path, OCI | {"artifacts.oci.storage": "tekton", "artifacts.taskrun.storage": "tekton"}, ()
    ) as here:
        flags = ("--insecure-ignore-tlog", "--kubeconfig", here.kubeconfig, "-n", NAMESPACE)
        missing = await ran("wait", "taskrun/none", "--key", here.public_key, *flags)
        assert (missing.returncode, "there is no TaskRun" in missing.stderr) == (5, True)
        assert (await ran("wait", "taskrun/none", "--key", tmp_path / "no.pub", *flags)).returncode == 5
        assert (await ran("wait", "r.example.com/a", "--key", here.public_key)).returncode == 5
        found = build("kept", here.registry.push_image("team/app", seed="k"))
        found["metadata"]["annotations"][SIGNED] = "true"
        await here.kubernetes.apply(found)
        kept = await ran("wait", "taskrun/kept", "--key", here.public_key, *flags)
        assert (kept.returncode, "names no oci" in kept.stderr) == (5, True)


@pytest.mark.parametrize("flags", [(), ("--type", "slsaprovenance")])
@pytest.mark.parametrize("kept", ["taskrun", "oci"])
async def test_a_run_that_keeps_one_of_both_elsewhere_does_not_pass(
    tmp_path: Path, kept: str, flags: tuple[str, ...]
) -> None:
    async with inhabited(tmp_path, OCI | {f"artifacts.{kept}.storage": "tekton"}) as here:
        await here.apply_build("one")
        await here.until(End.SIGNED)
        done = await waited(here, "taskrun/one", *flags)
        assert (done.returncode, done.stdout) == (5, "")
        assert f"artifacts.{kept}.storage names no oci" in done.stderr


async def test_settings_that_are_not_known_are_not_guessed(tmp_path: Path) -> None:
    async with inhabited(tmp_path, PIPELINES) as here:
        await here.apply_build("one")
        await here.until(End.SIGNED)
        away = here.world.kubernetes.faults.add(Fault(path="/configmaps/chains-config", status=403))
        done = await waited(here, "taskrun/one")
        assert (done.returncode, done.stdout) == (5, "")
        here.world.kubernetes.faults.remove(away)
        held = here.world.kubernetes.get("ConfigMap", "chains-config", SYSTEM_NAMESPACE)
        assert held is not None
        await here.world.kubernetes.apply({**held, "data": {"artifacts.oci.storage": "nowhere"}})
        done = await waited(here, "taskrun/one")
        assert (done.returncode, "chains-config is refused" in done.stderr) == (5, True)


async def test_what_was_waited_for_is_printed_as_json_and_into_a_file(tmp_path: Path) -> None:
    async with inhabited(tmp_path, PIPELINES) as here:
        image = await here.apply_build("one")
        await here.until(End.SIGNED)
        told = tmp_path / "told.json"
        done = await waited(here, "taskrun/one", "-o", "json", "--output-file", str(told))
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        assert json.loads(told.read_bytes()) == {
            "awaited": "taskrun/one",
            "verified": [{"image": str(image), "signatures": 1, "attestations": ["https://slsa.dev/provenance/v0.2"]}],
        }
        assert "it is text or json" in (await waited(here, "taskrun/one", "-o", "yaml")).stderr


async def test_what_the_attestation_must_say_is_waited_for_as_the_page_on_argo_cd_has_it(tmp_path: Path) -> None:
    text = (ROOT / "docs/how-to/argo-cd.md").read_text().partition("- verify-attestation\n")[2]
    flags = [line.strip()[2:] for line in text.splitlines()[:4]]
    assert flags[-1] == "--builder-id=https://tekton.dev/chains/v2"
    async with inhabited(tmp_path, PIPELINES) as here:
        image = await here.apply_build("one")
        await here.until(End.SIGNED)
        told = ("wait", "--key", here.world.public_key, *flags[1:])
        done = await ran(*told, str(image))
        assert (done.returncode, done.stdout) == (0, f"{image} is signed and attested\n"), done.stderr
        other = await ran(*told, "--builder-id=https://builder.example.com", "--timeout", "1s", str(image))
        assert (other.returncode, "its builder is" in other.stderr) == (3, True)
        untyped = await waited(here, str(image), "--max-age", "1d")
        assert (untyped.returncode, "give --type" in untyped.stderr) == (5, True)


async def test_waiting_asks_the_log_that_is_named(tmp_path: Path) -> None:
    async with inhabited(tmp_path, PIPELINES) as here, RekorServer() as log:
        image = await here.apply_build("one")
        await here.until(End.SIGNED)
        (tmp_path / "log.pub").write_bytes(log.public_key)
        await upload(here, image, log)
        env = os.environ | {"SIGSTORE_REKOR_PUBLIC_KEY": str(tmp_path / "log.pub")}
        told = ("wait", str(image), "--key", here.world.public_key, "--rekor-url", log.url, "--timeout", "20s")
        done = await asyncio.to_thread(chains, *told, env=env)
        assert (done.returncode, done.stdout) == (0, f"{image} is signed and attested\n"), done.stderr
        done = await asyncio.to_thread(chains, *told[:-1], "1s", "--offline", env=env)
        assert done.returncode == 3
        assert "no transparency log entry" in done.stderr


async def upload(here: Here, image: ImageReference, log: RekorServer) -> None:
    """Let the log have what stands beside an image."""
    async with RegistryClient() as client, LogV1(log.url, (LogKey.from_pem(log.public_key),)) as there:
        beside = CosignImages(client, ChainedKeychain())
        for candidate in (*await beside.find_signatures(image), *await beside.find_attestations(image)):
            for signed in candidate.signed:
                pem = here.world.verifier.public_pem
                await there.upload(replace(signed, signature=replace(signed.signature, public_key=pem)))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("taskrn/one",), "taskrn is no kind of run: did you mean taskrun/one?"),
        (("Pipeline-Run/one",), "did you mean pipelinerun/one?"),
        (("taskrn", "one"), "did you mean taskrun/one?"),
        (("taskrun", "a", "b"), "one thing is waited for"),
    ],
)
def test_a_misspelt_run_is_not_waited_for(words: tuple[str, ...], said: str) -> None:
    done = chains("wait", *words, "--key", "nosuch.pub", "--insecure-ignore-tlog")
    assert (done.returncode, done.stdout) == (5, "")
    assert said in done.stderr


async def test_every_command_takes_the_same_names_of_runs(tmp_path: Path) -> None:
    async with inhabited(tmp_path, PIPELINES) as here:
        await here.apply_build("one")
        await here.until(End.SIGNED)
        cluster = ("--kubeconfig", here.world.kubeconfig)
        key = ("--key", here.world.public_key, "--insecure-ignore-tlog")
        for command in (("explain", "--no-registry"), ("wait", *key), ("resign",)):
            done = await ran(*command, "TaskRun", f"{NAMESPACE}/one", *cluster)
            assert done.returncode == 0, (command, done.stderr)
        near = await ran("explain", "taskrn/one", *cluster)
        assert near.stderr == "chains: there is no TaskRun taskrn/one; did you mean taskrun/one?\n"


def test_the_task_runs_this_command_with_flags_that_it_has() -> None:
    text = (ROOT / "samples" / "tasks" / "wait-for-signature-task.yaml").read_text()
    known = chains("wait", "--help").stdout
    asked = [line.strip()[2:].partition("=")[0] for line in text.splitlines() if line.strip().startswith("- --")]
    assert asked == ["--key", "--insecure-ignore-tlog", "--timeout"]
    assert all(flag in known for flag in asked)
