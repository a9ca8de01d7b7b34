"""Runs deleted early, finalizers of every name, and marks that somebody else left."""

import asyncio
import time
from pathlib import Path

from chains.demo.faults import Fault
from tests.faults.checker import SIGNED
from tests.faults.runs import finished, pipelinerun, taskrun
from tests.faults.scene import SETTINGS, Scene, scene
from tests.faults.survival import Outcome, Scenario, outcome

LEGACY = ("chains.tekton.dev", "chains.tekton.dev/taskrun", "chains.tekton.dev/pipelinerun")
THEIRS = "example.com/theirs"


async def deleted_in_progress(folder: Path) -> Outcome:
    """Runs are deleted while in progress, and finish afterwards: all are signed, then gone."""
    async with scene(folder) as here:
        await here.started()
        names = await _held(here, 8)
        for name in names:
            await here.delete("taskruns", name)
            await _finish(here, "TaskRun", name)
        return await outcome(here, len(names))


async def deleted_unfinished(folder: Path) -> Outcome:
    """Runs that are deleted and never finish are let go."""
    async with scene(folder) as here:
        await here.started()
        names = await _held(here, 4)
        for name in names:
            here.expect("TaskRun", name, digests=())
            await here.delete("taskruns", name)
        return await outcome(here, len(names))


async def deleted_unseen(folder: Path) -> Outcome:
    """Finished runs are deleted as soon as they are there: what the watch told last is signed."""
    async with scene(folder) as here:
        await here.started()
        await here.build("first")
        await here.settled()
        for number in range(12):
            await here.build(f"brief-{number}")
            await asyncio.sleep(0.002 * number)
            await here.delete("taskruns", f"brief-{number}")
        return await _all_stored(here, 12)


async def deleted_in_an_outage(folder: Path) -> Outcome:
    """Held runs finish and are deleted while the registry refuses everything."""
    refused = Fault(path="/v2/", status=503)
    async with scene(folder) as here:
        await here.started()
        names = await _held(here, 6)
        here.registry.faults.add(refused)
        for name in names:
            await _finish(here, "TaskRun", name)
            await here.delete("taskruns", name)
        await asyncio.sleep(4.0)
        gone = [name for name in names if here.run("TaskRun", name) is None]
        here.registry.faults.remove(refused)
        found = await outcome(here, here.registry.faults.hits(refused))
        found.findings.lost += [f"{name} went before it was signed" for name in gone]
        return found


async def family_deleted(folder: Path) -> Outcome:
    """A PipelineRun and its children are deleted at the moment it finishes."""
    async with scene(folder) as here:
        await here.started()
        image = here.image("team/released", "released")
        parent = await here.apply(pipelinerun("release", (image,), ("one", "two"), done=False), (image,))
        for name in ("one", "two"):
            await here.apply(taskrun(name, (image,), done=False, parent=parent["metadata"]), (image,))
        for kind, name in tuple(here.expected):
            await here.held(name, kind)
        for kind, name in (("TaskRun", "one"), ("TaskRun", "two"), ("PipelineRun", "release")):
            await here.delete("taskruns" if kind == "TaskRun" else "pipelineruns", name)
            await _finish(here, kind, name)
        return await outcome(here, 3)


async def taken_over(folder: Path) -> Outcome:
    """Runs with every finalizer that Tekton Chains ever set, and others', are signed, deleted, and go."""
    async with scene(folder) as here:
        for number, name in enumerate(LEGACY):
            image = here.image("team/legacy", f"legacy {number}")
            found = taskrun(f"legacy-{number}", (image,))
            found["metadata"]["finalizers"] = [name]
            await here.apply(found, (image,), finalizers=())
            image = here.image("team/legacy", f"marked {number}")
            found = taskrun(f"marked-{number}", ())
            found["metadata"]["finalizers"] = [name]
            found["metadata"]["annotations"][SIGNED] = "true"
            await here.apply(found, (), finalizers=())
        image = here.image("team/legacy", "mixed")
        found = taskrun("mixed", (image,))
        found["metadata"]["finalizers"] = [THEIRS, LEGACY[1], "example.com/more"]
        await here.apply(found, (image,), finalizers=(THEIRS, "example.com/more"))
        await here.started()
        await here.settled()
        for kind, name in tuple(here.expected):
            if name != "mixed":
                await here.delete("taskruns" if kind == "TaskRun" else "pipelineruns", name)
        return await outcome(here, 2 * len(LEGACY) + 1)


async def overdue(folder: Path) -> Outcome:
    """A run that cannot be signed is let go after the horizon, with an Event that says so."""
    async with scene(folder, SETTINGS | {"finalizers.horizon": "3s"}) as here:
        await here.started()
        [name] = await _held(here, 1)
        here.registry.faults.add(Fault(path="/v2/", status=503))
        await _finish(here, "TaskRun", name)
        here.expect("TaskRun", name, digests=())
        await here.delete("taskruns", name)
        gone = await here.settled(20.0)
        here.registry.faults.clear()
        found = await outcome(here, 1)
        if not gone:
            found.findings.stuck.append("a run was not let go 20 s after its deletion, the horizon being 3 s")
        elif not any(event["reason"] == "FreedUnsigned" for event in here.kubernetes.objects("Event")):
            found.findings.wrong.append("a run was let go unsigned, and no Event says so")
        return found


async def forged(folder: Path) -> Outcome:
    """Runs that somebody else marked as signed are signed all the same, and an Event says so."""
    settings = SETTINGS | {"marks.trusted-managers": "tekton-chains-controller"}
    async with scene(folder, settings) as here:
        await here.started()
        for number in range(4):
            image = here.image("team/forged", f"forged {number}")
            found = taskrun(f"forged-{number}", (image,))
            for mark in ({}, {SIGNED: "true"}) if number % 2 else ({SIGNED: "true"},):
                found["metadata"]["annotations"] |= mark
                await here.apply(found, (image,), annotations={"example.com/kept": f"forged-{number}"})
        until = time.monotonic() + 20.0
        while (found := await outcome(here, 4)).findings and time.monotonic() < until:
            await asyncio.sleep(0.2)
        if not any(event["reason"] == "ForgedMark" for event in here.kubernetes.objects("Event")):
            found.findings.wrong.append("a mark was forged, and no Event says so")
        return found


async def given_up_and_resigned(folder: Path) -> Outcome:
    """Runs given up for a permanent cause are signed after `chains resign --all-failed`, others by name."""
    refusing = Fault(method="POST", path="/v2/", status=405)
    async with scene(folder) as here:
        await here.builds(4)
        here.registry.faults.add(refusing)
        await here.started()
        await here.settled()
        given_up = [run for run in here.expected.values() if here.mark(run.kind, run.name) == "failed"]
        here.registry.faults.remove(refusing)
        await here.resign("--all-failed")
        while any(here.mark(run.kind, run.name) == "failed" for run in given_up):
            await asyncio.sleep(0.02)
        await here.settled()
        await here.resign("-n", "builds", "taskrun/run-0")
        return await outcome(here, len(given_up))


async def mended_by_a_change(folder: Path) -> Outcome:
    """Runs given up for a permanent cause are signed after the configuration changed."""
    refusing = Fault(method="POST", path="/v2/", status=405)
    async with scene(folder) as here:
        await here.builds(4)
        here.registry.faults.add(refusing)
        await here.started()
        await here.settled()
        here.registry.faults.remove(refusing)
        given_up = [run for run in here.expected.values() if here.mark(run.kind, run.name) == "failed"]
        await here.write_config(SETTINGS | {"builder.id": "https://example.com/changed"})
        until = time.monotonic() + 30.0
        while any(here.mark(r.kind, r.name) != "true" for r in given_up) and time.monotonic() < until:
            await asyncio.sleep(0.05)
        return await outcome(here, len(given_up))


async def _held(here: Scene, count: int) -> list[str]:
    names = [f"held-{number}" for number in range(count)]
    for name in names:
        image = here.image("team/held", name)
        await here.apply(taskrun(name, (image,), done=False), (image,))
    for name in names:
        await here.held(name)
    return names


async def _finish(here: Scene, kind: str, name: str) -> None:
    found = here.run(kind, name)
    assert found is not None
    await here.kubernetes.apply(finished(found), field_manager="tekton")


async def _all_stored(here: Scene, tries: int) -> Outcome:
    """Wait until the checker finds all of runs that are gone, for a while."""
    over = time.monotonic()
    while (found := await here.check()) and time.monotonic() - over < 20.0:
        await asyncio.sleep(0.1)
    return Outcome(tries, found, time.monotonic() - over)


SCENARIOS: dict[str, Scenario] = {
    "deletion: in progress, finished afterwards": deleted_in_progress,
    "deletion: in progress, never finished": deleted_unfinished,
    "deletion: finished and gone before their turn": deleted_unseen,
    "deletion: while the registry is out of order": deleted_in_an_outage,
    "deletion: a PipelineRun with its children as it finishes": family_deleted,
    "deletion: finalizers of Tekton Chains taken over": taken_over,
    "deletion: overdue after the horizon": overdue,
    "marks: forged": forged,
    "marks: given up, then resigned": given_up_and_resigned,
    "marks: given up, then the configuration changes": mended_by_a_change,
}
