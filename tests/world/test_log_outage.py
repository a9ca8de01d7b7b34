"""A log that is down for three quarters of an hour: a simulated clock, real clients, and restarts in the middle."""

import heapq
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from chains.artifacts.reference import ImageReference, Repository
from chains.config.config import read_config
from chains.controller.outcomes import backoff
from chains.controller.past import Past
from chains.controller.reconcile import reconcile
from chains.controller.turn import End
from chains.demo.faults import Fault
from chains.demo.registry.server import RegistryServer
from chains.demo.rekor.server import RekorServer
from chains.hosts.breaker import Breaker
from chains.hosts.reach import Reach
from chains.keys.generate import new_signer
from chains.keys.verifier import KeyVerifier
from chains.pipeline.parts import Parts, Transparency
from chains.pipeline.verify import verify_attestations
from chains.registry.client import RegistryClient
from chains.registry.cosign_images import CosignImages
from chains.registry.credentials import ChainedKeychain
from chains.registry.oci_store import OciStore
from chains.rekor.log_key import LogKey
from chains.rekor.log_v1 import LogV1
from chains.rekor.verify import verify_logged
from chains.runs.sighting import RunKey
from tests.builders import image_results, taskrun_object
from tests.controller.fakes import FakeCluster

MINUTE = 60.0
OUTAGE = 45 * MINUTE
RUNS = 300
NOBODY = ChainedKeychain()
SETTINGS = {"artifacts.taskrun.storage": "oci", "artifacts.oci.signer": "none", "transparency.enabled": "true"}
_PROVENANCE = "https://slsa.dev/provenance/v0.2"


@dataclass
class Outage:
    """A registry, a log that does not answer until the clock says 45 minutes, and runs that arrive all the while."""

    registry: RegistryServer
    rekor: RekorServer
    client: RegistryClient
    mode: str
    cluster: FakeCluster = field(default_factory=FakeCluster)
    now: float = 0.0
    dead: Fault | None = None
    unanswered: Fault = field(default_factory=lambda: Fault(method="POST", cut="after", times=2))

    def __post_init__(self) -> None:
        self.signer = new_signer()
        self.keys = (LogKey.from_pem(self.rekor.public_key),)
        self.images = [self._build(number) for number in range(RUNS)]

    def _build(self, number: int) -> tuple[RunKey, ImageReference]:
        pushed = self.registry.push_image("team/app", seed=f"image {number}")
        image = ImageReference(Repository(self.registry.address, "team/app"), pushed.digest)
        results = image_results(str(image.repository), str(image.digest))
        return self.cluster.put(taskrun_object(f"run-{number}", uid=f"uid-{number}", results=results)), image

    @asynccontextmanager
    async def life(self) -> AsyncIterator[Parts]:
        """What a service has in its memory from its start to its end."""
        config = read_config(SETTINGS | {"transparency.mode": self.mode}).config
        store = OciStore(self.client, lambda _: NOBODY)
        async with LogV1(self.rekor.url, self.keys, reach=Reach(breaker=Breaker(clock=lambda: self.now))) as log:
            signers, deferred = {"x509": lambda: self.signer}, config.transparency.deferred
            yield Parts(config, signers, {"oci": store}, transparency=Transparency(log, deferred))

    async def lives(self, *restarts: float) -> None:
        """Live from restart to restart, and after the last until every run is settled."""
        waiting = [key for key, _ in self.images]
        for until in (*restarts, float("inf")):
            async with self.life() as parts:
                waiting = await self._live(waiting, parts, until)
        assert waiting == []

    async def _live(self, waiting: list[RunKey], parts: Parts, until: float) -> list[RunKey]:
        """Take turns as the service does, each run when its time has come; return the runs that are left."""
        order = itertools.count()
        due = [(self.now, next(order), key, Past()) for key in waiting]
        while due and due[0][0] < until:
            self.now, _, key, past = heapq.heappop(due)
            self._mend()
            turn = await reconcile(key, self.cluster, parts, past)
            assert turn.end in (End.SIGNED, End.RETRY), turn
            if turn.end is End.RETRY:
                past.attempts += 1
                wait = max(backoff(past.attempts), turn.retry_after or 0.0)
                heapq.heappush(due, (self.now + wait, next(order), key, past))
        self.now = max(self.now, min(until, 10 * OUTAGE))
        return [key for _, _, key, _ in due]

    def _mend(self) -> None:
        """Let the log answer from the 45th minute on, at first performing without an answer."""
        if self.now >= OUTAGE and self.dead is not None:
            self.rekor.faults.remove(self.dead)
            self.dead = None
            self.rekor.faults.add(self.unanswered)

    def begin(self) -> None:
        """Let the log be down."""
        self.dead = self.rekor.faults.add(Fault(cut="before"))


@pytest.mark.parametrize("mode", ["required", "deferred"])
async def test_every_run_is_logged_once_and_verifies_offline_after_an_outage(mode: str) -> None:
    async with RegistryServer() as registry, RekorServer() as rekor, RegistryClient() as client:
        here = Outage(registry, rekor, client, mode)
        here.begin()
        await here.lives(10 * MINUTE, 44 * MINUTE, 46 * MINUTE)

        assert here.now >= OUTAGE
        assert rekor.faults.hits(here.unanswered) == 2
        assert rekor.log.tree.size == RUNS
        stored, verifier = CosignImages(client, NOBODY), KeyVerifier.from_pem(here.signer.public_pem)
        for _, image in here.images:
            [found] = await stored.attestations(image)
            verify_logged(found, here.keys, here.signer.public_pem)
        _, image = here.images[0]
        assert len((await verify_attestations(image, stored, verifier, _PROVENANCE)).payloads) == 1
