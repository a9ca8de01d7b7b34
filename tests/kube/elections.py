"""A world of replicas that share buckets through Leases, with clocks, stops and lost messages of their own."""

import asyncio
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import msgspec

from chains.errors import EdgeError
from chains.kube.clocks import Moments
from chains.kube.elector import Elector
from chains.kube.lease import Lease
from chains.kube.seat import Term

NEVER = 10_000.0
TERM = Term()


@dataclass
class Server:
    """The records, and how often each was written; what is based on another version is refused."""

    leases: dict[str, Lease] = field(default_factory=dict)
    version: int = 0

    def get(self, name: str) -> Lease | None:
        return self.leases.get(name)

    def create(self, name: str, lease: Lease) -> Lease | None:
        return None if name in self.leases else self._written(name, lease)

    def replace(self, name: str, lease: Lease) -> Lease | None:
        live = self.leases.get(name)
        if live is None:
            raise EdgeError("resourceVersion should not be set on objects to be created", transient=True)
        return None if live.kept != lease.kept else self._written(name, lease)

    def delete(self, name: str) -> None:
        self.leases.pop(name, None)

    def holder(self, name: str) -> str:
        found = self.leases.get(name)
        return found.holder if found is not None else ""

    def _written(self, name: str, lease: Lease) -> Lease:
        self.version += 1
        self.leases[name] = replace(lease, kept={"version": msgspec.Raw(str(self.version).encode())})
        return self.leases[name]


class Wire:
    """One replica's way to the server: what is on it arrives late or never, and a stopped replica does not look."""

    def __init__(self, server: Server, chance: random.Random, slowest: float = 0.5, lost: float = 0.02) -> None:
        self.cut_until = 0.0
        self.stopped_until = 0.0
        self._server = server
        self._chance = chance
        self._slowest = slowest
        self.lost = lost
        self._under_way: set[asyncio.Task[Lease | None]] = set()

    async def get(self, name: str) -> Lease | None:
        return await self._asked(lambda: self._server.get(name))

    async def create(self, name: str, lease: Lease) -> Lease | None:
        return await self._asked(lambda: self._server.create(name, lease))

    async def replace(self, name: str, lease: Lease) -> Lease | None:
        return await self._asked(lambda: self._server.replace(name, lease))

    async def running(self) -> None:
        """Wait while the replica is stopped."""
        while (now := asyncio.get_running_loop().time()) < self.stopped_until:
            await asyncio.sleep(self.stopped_until - now)

    def is_cut(self) -> bool:
        return asyncio.get_running_loop().time() < self.cut_until or self._chance.random() < self.lost

    async def _asked(self, operation: Callable[[], Lease | None]) -> Lease | None:
        await self.running()
        # What was sent arrives also when nobody waits for the answer any more.
        sent = asyncio.create_task(self._carried(operation))
        self._under_way.add(sent)
        sent.add_done_callback(self._under_way.discard)
        answer = await asyncio.shield(sent)
        await self.running()
        return answer

    async def _carried(self, operation: Callable[[], Lease | None]) -> Lease | None:
        await self._travelled()
        answer = operation()
        await self._travelled()
        return answer

    async def _travelled(self) -> None:
        await asyncio.sleep(NEVER if self.is_cut() else self._chance.uniform(0.0, self._slowest))


class Replica:
    """One process: it writes in the name of every bucket for as long as its elector lets it.

    `violations` collects the writes that reached the outside after somebody else had the bucket.
    """

    def __init__(self, world: "World", name: str) -> None:
        chance = world.chance
        self.name = name
        self.wire = Wire(world.server, chance)
        self._world = world
        rate, begun, wall = chance.uniform(0.98, 1.02), chance.uniform(0, 1e6), chance.uniform(-1e5, 1e5)
        self.elector = world.make(
            self.wire,
            world.names,
            name,
            lambda: TERM,
            asyncio.Event(),
            now=lambda: begun + rate * asyncio.get_running_loop().time(),
            moment=Moments(lambda: max(0.0, 1e9 + wall + asyncio.get_running_loop().time())),
        )
        self.leaving: set[int] = set()
        self.in_flight: dict[int, set[asyncio.Task[None]]] = {bucket: set() for bucket in range(len(world.names))}
        self._writers = [asyncio.create_task(self._write(bucket)) for bucket in range(len(world.names))]
        self._campaign = asyncio.create_task(self.elector.run(self))

    def gained(self, bucket: int) -> None:
        self.leaving.discard(bucket)

    def lost(self, bucket: int) -> None:
        self.leaving.discard(bucket)

    def given(self, bucket: int) -> None:
        self.leaving.discard(bucket)

    async def emptied(self, bucket: int) -> None:
        self.leaving.add(bucket)
        await _over(self.in_flight[bucket])

    def leads(self) -> set[int]:
        return {bucket for bucket in self.in_flight if self.elector.leads(bucket)}

    def kill(self) -> None:
        for task in (*self._writers, self._campaign):
            task.cancel()

    async def end(self) -> None:
        for task in self._writers:
            task.cancel()
        await _over({task for tasks in self.in_flight.values() for task in tasks})
        await self.elector.resign(self)
        self._campaign.cancel()

    async def _write(self, bucket: int) -> None:
        while True:
            await asyncio.sleep(self._world.chance.uniform(0.05, 1.0))
            await self.wire.running()
            if bucket not in self.leaving and self.elector.leads(bucket):
                task = asyncio.create_task(self._arrive(bucket))
                self.in_flight[bucket].add(task)
                task.add_done_callback(self.in_flight[bucket].discard)

    async def _arrive(self, bucket: int) -> None:
        """Let a write be under way for nearly as long as the lease outlives the deadline of its holder."""
        await asyncio.sleep(self._world.chance.uniform(0.0, (TERM.lease - TERM.renew) * 0.8))
        self._world.note_write(self.name, bucket)


class World:
    """Replicas, and what befalls them."""

    def __init__(self, seed: int, replicas: int, buckets: int, make: Callable[..., Elector] = Elector) -> None:
        self.chance = random.Random(seed)
        self.make = make
        self.server = Server()
        self.names = tuple(f"bucket-{number}" for number in range(buckets))
        self.violations: list[str] = []
        self.writes = 0
        self._begun = 0
        self.replicas = [self.begin() for _ in range(replicas)]

    def begin(self) -> Replica:
        self._begun += 1
        return Replica(self, f"replica-{self._begun}")

    def note_write(self, writer: str, bucket: int) -> None:
        self.writes += 1
        holder = self.server.holder(self.names[bucket])
        if holder != writer:
            self.violations.append(f"{writer} wrote in {self.names[bucket]} when {holder or 'nobody'} had it")

    async def suffer(self, seconds: float) -> None:
        """Stop, cut off, kill and end replicas at random."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while loop.time() < end:
            await asyncio.sleep(self.chance.uniform(0.5, 8.0))
            place = self.chance.randrange(len(self.replicas))
            await self._strike(place, self.chance.choice(("stop", "cut", "kill", "end")))

    async def _strike(self, place: int, how: str) -> None:
        struck, until = self.replicas[place], asyncio.get_running_loop().time() + self.chance.uniform(0.0, 40.0)
        if how == "stop":
            struck.wire.stopped_until = until
        elif how == "cut":
            struck.wire.cut_until = until
        else:
            struck.kill() if how == "kill" else await struck.end()
            self.replicas[place] = self.begin()

    async def recover(self, seconds: float = 120.0) -> None:
        """Leave everybody alone for a while."""
        for replica in self.replicas:
            replica.wire.lost = 0.0
        await asyncio.sleep(seconds)
        for replica in self.replicas:
            assert max(replica.wire.stopped_until, replica.wire.cut_until) < asyncio.get_running_loop().time()

    def close(self) -> None:
        for replica in self.replicas:
            replica.kill()


async def _over(tasks: set[asyncio.Task[None]]) -> None:
    if tasks:
        await asyncio.wait(tasks)


def ceiling(buckets: int, replicas: int) -> int:
    """The most buckets that a replica may have where they are spread as evenly as can be."""
    return math.ceil(buckets / replicas)
