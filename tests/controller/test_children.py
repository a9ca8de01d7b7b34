"""Runs that build an index: with `artifacts.oci.sign-children`, each image that it lists is signed as well."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from chains.artifacts.reference import Digest, ImageReference
from chains.config.config import read_config
from chains.controller.past import Past
from chains.controller.reconcile import reconcile
from chains.controller.resumption import sign_again
from chains.controller.turn import End
from chains.errors import ChainsError
from chains.payloads.payload import SIMPLE_SIGNING, Origin, SignedPayload
from chains.pipeline.children import MOST_CHILDREN, with_children
from chains.pipeline.parts import Parts
from chains.pipeline.plan import plan_run
from chains.runs.marks import REASON, SIGNED
from tests.builders import DIGEST, image_results, taskrun, taskrun_object
from tests.controller.fakes import FakeCluster, FakeSigner, FakeStore, denial, outage

SETTINGS = {"artifacts.taskrun.storage": "oci", "artifacts.oci.sign-children": "true"}
CHILDREN = tuple(Digest("sha256", two * 32) for two in ("c1", "c2", "c3"))


@dataclass
class FakeIndexes:
    """Lists the same for every image; raises the errors it was told to, one a call."""

    listed: tuple[Digest, ...] = CHILDREN
    errors: list[ChainsError] = field(default_factory=list)
    asked: list[ImageReference] = field(default_factory=list)

    async def children(self, image: ImageReference, origin: Origin) -> tuple[Digest, ...]:
        self.asked.append(image)
        if self.errors:
            raise self.errors.pop(0)
        return self.listed


def parts(store: FakeStore, indexes: FakeIndexes, settings: Mapping[str, str] = SETTINGS) -> Parts:
    return Parts(read_config(settings).config, {"x509": FakeSigner}, {"oci": store}, indexes=indexes)


def signed_images(store: FakeStore) -> list[str]:
    return [str(image.digest) for _, signed in store.kept if _is_signature(signed) for image in signed.payload.images]


def _is_signature(signed: SignedPayload) -> bool:
    return signed.payload.media_type == SIMPLE_SIGNING


async def test_the_index_and_each_of_its_images_are_signed_and_the_attestation_is_the_indexs_alone() -> None:
    cluster, store, indexes = FakeCluster(), FakeStore(), FakeIndexes()
    key = cluster.put(taskrun_object(results=image_results()))
    turn = await reconcile(key, cluster, parts(store, indexes))
    assert turn.end is End.SIGNED
    assert sorted(signed_images(store)) == sorted([DIGEST, *map(str, CHILDREN)])
    assert len(turn.receipts) == len(store.kept) == 5
    [attestation] = [signed for _, signed in store.kept if not _is_signature(signed)]
    assert [str(image.digest) for image in attestation.payload.images] == [DIGEST]
    for _, signed in store.kept:
        if _is_signature(signed):
            assert str(signed.payload.images[0].digest).encode() in signed.payload.body


async def test_in_both_encodings_each_image_gets_both_kinds_of_signature_and_the_index_is_read_once() -> None:
    run, indexes = taskrun(results=image_results()), FakeIndexes()
    config = read_config(SETTINGS | {"storage.oci.encoding-format": "both", "transparency.enabled": "true"}).config
    plan, unread = await with_children(plan_run(run, config), indexes)
    signatures = [request for request in plan.requests if request.kind == "oci"]
    assert (len(signatures), len(indexes.asked), unread) == (2 * (1 + len(CHILDREN)), 1, ())
    assert all(request.logged for request in signatures)
    assert len({request.payload.body for request in signatures}) == len(signatures)


async def test_a_child_that_the_run_names_itself_is_signed_once() -> None:
    images = f"registry.example.com/team/app@{DIGEST},registry.example.com/team/app@{CHILDREN[0]}"
    config = read_config(SETTINGS).config
    plan, _ = await with_children(plan_run(taskrun(results={"IMAGES": images}), config), FakeIndexes())
    assert len([request for request in plan.requests if request.kind == "oci"]) == 1 + len(CHILDREN)


async def test_a_registry_that_is_down_delays_the_children_and_what_is_stored_stays_stored_once() -> None:
    cluster, store = FakeCluster(), FakeStore()
    indexes, past = FakeIndexes(errors=[outage()]), Past()
    key = cluster.put(taskrun_object(results=image_results()))
    first = await reconcile(key, cluster, parts(store, indexes), past)
    assert (first.end, len(store.kept)) == (End.RETRY, 2)
    assert SIGNED not in cluster.annotations(key)
    assert (await reconcile(key, cluster, parts(store, indexes), past)).end is End.SIGNED
    assert len(store.kept) == 5


async def test_a_retry_stores_only_the_children_that_are_missing() -> None:
    cluster, store = FakeCluster(), FakeStore(outage())
    indexes, past = FakeIndexes(), Past()
    key = cluster.put(taskrun_object(results=image_results()))
    assert (await reconcile(key, cluster, parts(store, indexes), past)).end is End.RETRY
    before = len(store.kept)
    assert (await reconcile(key, cluster, parts(store, indexes), past)).end is End.SIGNED
    assert (before, len(store.kept)) == (4, 5)


async def test_an_index_that_nobody_may_read_fails_the_run_with_the_reason() -> None:
    cluster, indexes = FakeCluster(), FakeIndexes(errors=[denial()])
    key = cluster.put(taskrun_object(results=image_results()))
    assert (await reconcile(key, cluster, parts(FakeStore(), indexes))).end is End.FAILED
    assert cluster.annotations(key)[REASON].startswith("oci: ")


async def test_no_more_than_so_many_are_signed_for_one_run() -> None:
    many = tuple(Digest("sha256", f"{number:064x}") for number in range(MOST_CHILDREN + 1))
    cluster, store = FakeCluster(), FakeStore()
    key = cluster.put(taskrun_object(results=image_results()))
    assert (await reconcile(key, cluster, parts(store, FakeIndexes(many)))).end is End.FAILED
    assert "sign-children to false" in cluster.annotations(key)[REASON]
    assert len(store.kept) == 2


async def test_what_was_stored_shortly_before_a_restart_is_made_again_with_the_children() -> None:
    cluster, store = FakeCluster(), FakeStore()
    key = cluster.put(taskrun_object(results=image_results()))
    await reconcile(key, cluster, parts(store, FakeIndexes()))
    again = await sign_again(key, cluster, parts(store, FakeIndexes()))
    assert (again.end, len(again.receipts)) == (End.RESUMED, 5)
    assert (await sign_again(key, cluster, parts(store, FakeIndexes(())))).end is End.LEFT
    assert (await sign_again(key, cluster, parts(store, FakeIndexes(errors=[outage()])))).end is End.RETRY
