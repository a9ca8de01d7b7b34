"""`chains resign` against an embedded cluster."""

import asyncio
import subprocess
from pathlib import Path

from chains.controller.turn import End
from chains.demo.faults import Fault
from chains.runs.marks import SIGNED
from tests.cli.command import chains
from tests.world.builders import NAMESPACE, Here, inhabited


async def resign(here: Here, *arguments: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(chains, "resign", *arguments, "--kubeconfig", here.world.kubeconfig)


async def test_a_failed_run_is_signed_once_the_cause_is_gone_and_somebody_asks(tmp_path: Path) -> None:
    async with inhabited(tmp_path) as here:
        refusing = Fault(method="POST", status=405)
        here.world.registry.faults.add(refusing)
        image = await here.apply_build("one")
        await here.until(End.FAILED)
        here.world.registry.faults.remove(refusing)
        assert (await resign(here, "--all-failed")).stdout == "1 run will be signed again\n"
        await here.until(End.SIGNED)
        await here.verify(image)


async def test_signing_a_signed_run_again_stores_nothing_twice(tmp_path: Path) -> None:
    async with inhabited(tmp_path) as here:
        image = await here.apply_build("one")
        await here.until(End.SIGNED)
        tags = here.world.registry.tags("team/app")
        before = [here.world.registry.manifest("team/app", tag) for tag in tags]
        assert (await resign(here, "taskrun/one", "-n", NAMESPACE)).returncode == 0
        await here.until(End.SIGNED)
        assert [here.world.registry.manifest("team/app", tag) for tag in tags] == before
        assert here.annotations("one")[SIGNED] == "true"
        await here.verify(image)


async def test_a_run_that_is_not_there_is_named(tmp_path: Path) -> None:
    async with inhabited(tmp_path) as here:
        result = await resign(here, "pipelinerun/nowhere", "-n", NAMESPACE)
        assert result.returncode == 1
        assert (
            result.stderr == "chains: there is no PipelineRun builds/nowhere; kubectl get pipelineruns -A lists all\n"
        )


async def test_no_mark_is_taken_off_where_one_of_the_runs_is_not_there(tmp_path: Path) -> None:
    async with inhabited(tmp_path) as here:
        here.world.registry.faults.add(Fault(method="POST", status=405))
        await here.apply_build("one")
        await here.until(End.FAILED)
        before = here.world.kubernetes.get("TaskRun", "one", NAMESPACE)
        result = await resign(here, "one", "nowhere", "-n", NAMESPACE)
        assert (result.returncode, result.stdout) == (1, "")
        assert here.world.kubernetes.get("TaskRun", "one", NAMESPACE) == before
