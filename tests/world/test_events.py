"""Events that a service leaves: what became of runs, in few words, and never a secret."""

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

from chains.controller.turn import End
from chains.demo.faults import Fault
from tests.world.builders import NAMESPACE, OCI, Here, build, inhabited

CANARY = "canary-7f3a"


async def told(here: Here, reason: str) -> dict[str, Any]:
    """Wait for an Event of that reason."""
    while True:
        for event in here.world.kubernetes.objects("Event", NAMESPACE):
            if event["reason"] == reason:
                return event
        await asyncio.sleep(0.01)


async def test_each_outcome_is_told_once_when_all_is_wanted(tmp_path: Path) -> None:
    async with inhabited(tmp_path, OCI | {"events": "all"}) as here:
        image = await here.apply_build("one")
        near = build("near", image)
        near["status"]["results"] = [r for r in near["status"]["results"] if r["name"] != "IMAGE_URL"]
        await here.world.kubernetes.apply(near)
        signed, missed = await told(here, "Signed"), await told(here, "NothingToSign")
        assert (signed["type"], signed["involvedObject"]["name"]) == ("Normal", "one")
        assert str(image.repository) in signed["message"]
        assert (missed["type"], missed["involvedObject"]["name"]) == ("Warning", "near")
        assert "IMAGE_URL" in missed["message"]


async def test_success_costs_no_event_by_default(tmp_path: Path) -> None:
    async with inhabited(tmp_path) as here:
        await here.apply_build("one")
        await here.until(End.SIGNED)
    assert here.world.kubernetes.objects("Event", NAMESPACE) == []


async def test_retries_are_one_event_without_a_secret(tmp_path: Path) -> None:
    async with inhabited(tmp_path) as here:
        entry = {
            "username": CANARY,
            "password": CANARY,
            "auth": base64.b64encode(f"{CANARY}:{CANARY}".encode()).decode(),
        }
        config = json.dumps({"auths": {here.world.registry.address: entry}})
        await here.world.kubernetes.apply(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "type": "kubernetes.io/dockerconfigjson",
                "metadata": {"name": "push", "namespace": NAMESPACE},
                "stringData": {".dockerconfigjson": config},
            }
        )
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "secrets": [{"name": "push"}]}
        await here.world.kubernetes.apply(account | {"metadata": {"name": "default", "namespace": NAMESPACE}})
        here.world.registry.faults.add(Fault(method="PUT", path="/manifests/", status=503))
        await here.apply_build("one")
        await here.until(End.RETRY)
        await here.until(End.RETRY)
        while (event := await told(here, "Retrying"))["count"] < 2:
            await asyncio.sleep(0.01)
        assert "the next in" in event["message"]
        events = here.world.kubernetes.objects("Event", NAMESPACE)
        assert [each["reason"] for each in events] == ["Retrying"]
        assert CANARY not in json.dumps(events)
