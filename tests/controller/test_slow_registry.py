"""A run of many images behind a slow registry: its turns are cut off, each goes on from there, and it ends."""

import asyncio
import hashlib
from collections import Counter, defaultdict

import pytest

from chains.artifacts.reference import Digest, ImageReference, Repository
from chains.config.config import read_config
from chains.controller.bound import bounded
from chains.controller.outcomes import backoff
from chains.controller.past import Past
from chains.controller.reconcile import reconcile
from chains.controller.turn import End
from chains.payloads.payload import Origin
from chains.pipeline.parts import Parts
from chains.registry.client import Descriptor, Manifest
from chains.registry.credential import Keychain
from chains.registry.oci_store import OciStore
from tests.builders import taskrun_object
from tests.controller.fakes import FakeCluster, FakeSigner
from tests.kube.virtual_time import in_virtual_time

ANSWERS_AFTER = 5.0
CONNECTIONS = 64
IMAGES = 500


class SlowRegistry:
    """Keeps manifests; answers every request late, and so many at once at most."""

    def __init__(self) -> None:
        self.manifests: dict[tuple[Repository, str], Manifest] = {}
        self.reads: Counter[str] = Counter()
        self._writers: dict[tuple[Repository, str], asyncio.Lock] = defaultdict(asyncio.Lock)
        self._free = asyncio.Semaphore(CONNECTIONS)

    def writer(self, repository: Repository, tag: str) -> asyncio.Lock:
        return self._writers[repository, tag]

    async def get_manifest(
        self, repository: Repository, reference: str | Digest, keychain: Keychain, *, writing: bool = False
    ) -> Manifest | None:
        await self._answered()
        self.reads[str(reference)] += 1
        return self.manifests.get((repository, str(reference)))

    async def put_blob(self, repository: Repository, body: bytes, keychain: Keychain) -> Descriptor:
        await self._answered()
        await self._answered()
        return Descriptor(digest_of(body), len(body))

    async def put_manifest(
        self, repository: Repository, reference: str | Digest, body: bytes, media_type: str, keychain: Keychain
    ) -> Digest:
        await self._answered()
        self.manifests[repository, str(reference)] = Manifest(body, media_type, digest_of(body))
        return digest_of(body)

    async def _answered(self) -> None:
        async with self._free:
            await asyncio.sleep(ANSWERS_AFTER)


class SlowIndexes:
    """Lists nothing, late; counts how often it was asked of each image."""

    def __init__(self) -> None:
        self.reads: Counter[ImageReference] = Counter()

    async def children(self, image: ImageReference, origin: Origin) -> tuple[Digest, ...]:
        await asyncio.sleep(ANSWERS_AFTER)
        self.reads[image] += 1
        return ()


def digest_of(body: bytes) -> Digest:
    return Digest.parse(f"sha256:{hashlib.sha256(body).hexdigest()}")


async def turns_until_signed(registry: SlowRegistry, indexes: SlowIndexes | None) -> int:
    images = "\n".join(f"registry.example.com/app{n}@{digest_of(b'%d' % n)}" for n in range(IMAGES))
    cluster, past = FakeCluster(), Past()
    key = cluster.put(taskrun_object(results={"IMAGES": images}))
    config = read_config({"artifacts.taskrun.storage": "oci", "artifacts.oci.storage": "oci"}).config
    store = OciStore(registry, lambda origin: None)  # type: ignore[arg-type] # as much of a client as a put asks for
    parts = Parts(config, {"x509": FakeSigner}, {"oci": store}, indexes=indexes)
    for turn in range(1, 30):
        end = (await bounded(key, reconcile(key, cluster, parts, past))).end
        if end is not End.RETRY:
            assert end is End.SIGNED
            return turn
        await asyncio.sleep(backoff(turn))
    raise AssertionError("it does not end")


@pytest.mark.parametrize("indexes", [None, SlowIndexes()])
def test_a_run_of_many_images_behind_a_slow_registry_is_signed(indexes: SlowIndexes | None) -> None:
    registry = SlowRegistry()
    turns = in_virtual_time(turns_until_signed(registry, indexes))
    assert turns > 1, "in one turn it would show nothing"
    assert len(registry.manifests) == 2 * IMAGES
    # Read before and after it is written; what is cut off on the way is read once more.
    assert max(registry.reads.values()) <= 4
    if indexes is not None:
        assert set(indexes.reads.values()) == {1}
