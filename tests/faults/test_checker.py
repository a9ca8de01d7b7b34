"""The checker finds what is made wrong on purpose: a check that cannot fail proves nothing."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.faults.checker import SIGNED, Checker
from tests.faults.dump import Dump, Tag, dump
from tests.faults.invariants import Findings, Foreign, OurKey, RunExpected
from tests.faults.runs import taskrun
from tests.faults.scene import scene


class Settled:
    """What a world holds in which all is well, to be spoilt."""

    def __init__(self, held: Dump, expected: list[RunExpected], keys: tuple[OurKey, ...], foreign: Foreign) -> None:
        self.dump, self.expected, self.keys, self.foreign = held, expected, keys, foreign

    def check(self, *, midway: bool = False) -> Findings:
        return Checker(self.dump, self.expected, self.keys, self.foreign, midway=midway).findings()

    def tag(self, suffix: str, repository: str = "team/app") -> Tag:
        return next(t for t in self.dump.tags if t.name.endswith(suffix) and t.repository == repository)

    def metadata(self, name: str) -> dict[str, Any]:
        return self.dump.runs["TaskRun", name]["metadata"]


@asynccontextmanager
async def settled(folder: Path) -> AsyncIterator[Settled]:
    async with scene(folder) as here:
        await here.build("one")
        image = here.image("team/theirs", "theirs")
        await here.signed_by_others(image, 2)
        await here.apply(taskrun("two", (image,)), (image,))
        await here.started()
        async with asyncio.timeout(30):
            await here.settled()
        held = await dump(here.kubernetes.url, here.registry.url)
        yield Settled(held, list(here.expected.values()), tuple(here.keys), Foreign(here.foreign))


def drop_layers(world: Settled) -> None:
    world.dump.tags.remove(world.tag(".att"))


def drop_a_run(world: Settled) -> None:
    del world.dump.runs["TaskRun", "one"]


def give_up(world: Settled) -> None:
    world.metadata("one")["annotations"][SIGNED] = "failed"


def drop_theirs(world: Settled) -> None:
    world.tag(".sig", "team/theirs").manifest["layers"].pop(0)


def double_a_layer(world: Settled) -> None:
    layers = world.tag(".sig").manifest["layers"]
    layers.append(layers[0])


def double_a_signature(world: Settled) -> None:
    layers = world.tag(".sig").manifest["layers"]
    layers.append({**layers[0], "annotations": {**layers[0]["annotations"], "x": "y"}})


def spoil_a_signature(world: Settled) -> None:
    world.tag(".sig").manifest["layers"][0]["annotations"]["dev.cosignproject.cosign/signature"] = "AAAA"


def take_another_key(world: Settled) -> None:
    world.keys = ()


def spoil_a_blob(world: Settled) -> None:
    world.dump.blobs[world.tag(".att").manifest["layers"][0]["digest"]] = b"{}"


def miscount(world: Settled) -> None:
    digest = world.tag(".att").manifest["config"]["digest"]
    config = json.loads(world.dump.blobs[digest])
    config["rootfs"]["diff_ids"].append("sha256:" + "0" * 64)
    world.dump.blobs[digest] = json.dumps(config).encode()


def reorder_theirs(world: Settled) -> None:
    layers = world.tag(".sig", "team/theirs").manifest["layers"]
    layers[0], layers[1] = layers[1], layers[0]


def expect_another_digest(world: Settled) -> None:
    world.expected[0] = replace(world.expected[0], digests=("sha256:" + "0" * 64,))


def drop_an_annotation(world: Settled) -> None:
    del world.metadata("one")["annotations"]["example.com/kept"]


def move_to_another_image(world: Settled) -> None:
    tag = world.tag(".att")
    world.dump.tags.append(replace(tag, name="sha256-" + "0" * 64 + ".att"))


def unmark(world: Settled) -> None:
    del world.metadata("one")["annotations"][SIGNED]


def hold_for_ever(world: Settled) -> None:
    since = datetime.now(UTC) - timedelta(minutes=2)
    held = {"deletionTimestamp": since.isoformat(), "finalizers": ["chains.tekton.dev/taskrun"]}
    world.metadata("one").update(held)


SPOILT: dict[str, tuple[Callable[[Settled], None], ...]] = {
    "lost": (drop_layers, drop_a_run, give_up, drop_theirs),
    "doubled": (double_a_layer, double_a_signature),
    "wrong": (
        spoil_a_signature,
        take_another_key,
        spoil_a_blob,
        miscount,
        reorder_theirs,
        expect_another_digest,
        drop_an_annotation,
        move_to_another_image,
    ),
    "stuck": (unmark, hold_for_ever),
}


async def test_nothing_is_found_where_all_is_well_and_everything_that_is_spoilt(tmp_path: Path) -> None:
    async with settled(tmp_path) as world:
        assert not world.check()
        assert not world.check(midway=True)
        for kind, spoilers in SPOILT.items():
            for spoil in spoilers:
                spoilt = copy_of(world)
                spoil(spoilt)
                assert getattr(spoilt.check(), kind), spoil.__name__


async def test_a_mark_that_comes_before_what_it_promises_is_wrong(tmp_path: Path) -> None:
    async with settled(tmp_path) as world:
        drop_layers(world)
        assert world.check(midway=True).wrong


def copy_of(world: Settled) -> Settled:
    runs = {key: json.loads(json.dumps(run)) for key, run in world.dump.runs.items()}
    tags = [replace(tag, manifest=json.loads(json.dumps(tag.manifest))) for tag in world.dump.tags]
    held = Dump(runs, [], tags, dict(world.dump.blobs))
    return Settled(held, list(world.expected), world.keys, world.foreign)


@pytest.mark.parametrize("count", [0, 3])
def test_findings_are_counted(count: int) -> None:
    assert Findings(lost=["x"] * count).counts == (count, 0, 0, 0)
