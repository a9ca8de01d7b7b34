"""What a Kubernetes API does to those who watch and patch, one scenario each."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

from chains.demo.faults import Fault
from chains.demo.kubernetes.status import StatusError
from tests.faults.runs import finished, taskrun
from tests.faults.scene import Scene, scene
from tests.faults.survival import Outcome, Scenario, api_fault, outcome, survive

RUNS = "/taskruns"
WATCHES = "watch=true"


def refusal(code: int, reason: str, *, retry_after: int | None = None) -> dict[str, object]:
    """What a fault needs to answer as an API server that refuses."""
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "", "reason": reason, "code": code}
    headers = {"Content-Type": "application/json"}
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    return {"status": code, "body": json.dumps(body), "headers": headers}


def struck(fault: Fault, *, lasts: float = 3.0) -> Scenario:
    """Requests fail for a while."""

    async def scenario(folder: Path) -> Outcome:
        return await survive(folder, api_fault(fault), lasts=lasts)

    return scenario


def watches_end(how: Callable[[Scene], None], *, every: float = 1.0) -> Scenario:
    """Running watches are ended again and again while runs are applied and held runs finish."""

    async def scenario(folder: Path) -> Outcome:
        async with scene(folder) as here:
            await here.builds(3)
            await here.started()
            ended = 0
            for number in range(8):
                await asyncio.sleep(every / 2)
                image = here.image("team/grown", f"grown {number}")
                found = taskrun(f"grown-{number}", (image,), done=False)
                await here.apply(found, (image,))
                how(here)
                ended += 1
                await asyncio.sleep(every / 2)
                stored = here.run("TaskRun", f"grown-{number}")
                assert stored is not None
                await here.kubernetes.apply(finished(stored), field_manager="tekton")
                how(here)
            return await outcome(here, ended)

    return scenario


def cut(here: Scene) -> None:
    here.kubernetes.watches.cut()


def forget(here: Scene) -> None:
    """Compact the history and cut every watch: who goes on from an old version gets 410."""
    here.kubernetes.compact()
    here.kubernetes.watches.cut()


def expire(here: Scene) -> None:
    here.kubernetes.watches.expire()


def fail(here: Scene) -> None:
    here.kubernetes.watches.fail(StatusError(500, "InternalError", "etcd is out of reach"))


async def expired_pages(folder: Path) -> Outcome:
    """The API forgets a long list half-way, twice."""
    fault = Fault(method="GET", path=r"taskruns\?.*continue=", times=2, **refusal(410, "Expired"))  # type: ignore[arg-type]
    async with scene(folder) as here:
        for number in range(520):
            found = taskrun(f"old-{number}", ())
            found["metadata"]["annotations"]["chains.tekton.dev/signed"] = "true"
            await here.kubernetes.apply(found)
        await here.builds(4)
        here.kubernetes.faults.add(fault)
        await here.started()
        await here.settled()
        return await outcome(here, here.kubernetes.faults.hits(fault))


async def unreachable(folder: Path) -> Outcome:
    """Connections are refused for some seconds; meanwhile runs finish and one is deleted."""
    async with scene(folder) as here:
        image = here.image("team/held", "held")
        await here.apply(taskrun("held", (image,), done=False), (image,))
        await here.started()
        await here.held("held")
        await here.api.shut()
        await here.builds(4)
        found = here.run("TaskRun", "held")
        assert found is not None
        await here.kubernetes.apply(finished(found), field_manager="tekton")
        await here.delete("taskruns", "held")
        await asyncio.sleep(5.0)
        await here.api.open()
        return await outcome(here, 1)


async def forgotten_meanwhile(folder: Path) -> Outcome:
    """A run in progress finishes while the API is out of reach, and the API forgets that it ever changed."""
    async with scene(folder) as here:
        image = here.image("team/held", "held")
        await here.apply(taskrun("held", (image,), done=False), (image,))
        await here.started()
        await here.held("held")
        await here.api.shut()
        found = here.run("TaskRun", "held")
        assert found is not None
        await here.kubernetes.apply(finished(found), field_manager="tekton")
        here.kubernetes.compact()
        await here.api.open()
        return await outcome(here, 1)


async def restarted(folder: Path) -> Outcome:
    """The API server stops and starts three times."""
    async with scene(folder) as here:
        await here.started()
        for number in range(3):
            await here.build(f"before-{number}")
            await here.kubernetes.stop()
            await here.build(f"meanwhile-{number}")
            await asyncio.sleep(0.5)
            await here.kubernetes.start()
            await asyncio.sleep(0.5)
        return await outcome(here, 3)


SCENARIOS: dict[str, Scenario] = {
    "api: watches cut every second": watches_end(cut),
    "api: 410 on watches, history forgotten": watches_end(forget),
    "api: 410 after a run in progress finished out of reach": forgotten_meanwhile,
    "api: 410 as an ERROR event": watches_end(expire),
    "api: 500 as an ERROR event": watches_end(fail),
    "api: 410 on watches asked for": struck(Fault(path=WATCHES, times=6, **refusal(410, "Expired"))),  # type: ignore[arg-type]
    "api: 410 on lists": struck(Fault(path=r"(runs)\?limit", times=6, **refusal(410, "Expired"))),  # type: ignore[arg-type]
    "api: continue tokens expired": expired_pages,
    "api: 409 on every second patch": struck(Fault(method="PATCH", every=2, **refusal(409, "Conflict"))),  # type: ignore[arg-type]
    "api: 429 with Retry-After": struck(
        Fault(path=RUNS, every=2, **refusal(429, "TooManyRequests", retry_after=1))  # type: ignore[arg-type]
    ),
    "api: 500 to every second request": struck(Fault(every=2, **refusal(500, "InternalError"))),  # type: ignore[arg-type]
    "api: 503 to all": struck(Fault(**refusal(503, "ServiceUnavailable"))),  # type: ignore[arg-type]
    "api: marks cut after they are performed": struck(Fault(method="PATCH", cut="after", every=2)),
    "api: answers cut within": struck(Fault(method="GET", path=RUNS, cut="within", every=3)),
    "api: no answer for 32 s": struck(Fault(method="PATCH", hold=asyncio.Event(), cut="before", every=2), lasts=32.0),
    "api: unreachable for 5 s": unreachable,
    "api: stopped and started three times": restarted,
}
