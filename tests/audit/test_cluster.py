"""`chains audit` of a cluster: what its runs claim, held against what is stored."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from chains.artifacts.reference import ImageReference
from chains.controller.turn import End
from chains.demo.faults import Fault
from chains.demo.world import World, world
from chains.keys.generate import new_signer
from chains.keys.signer import KeySigner
from chains.kube.client import KubeClient
from chains.kube.cluster import KubeCluster
from chains.payloads.dsse import envelope, pre_authentication_encoding
from chains.payloads.payload import IN_TOTO, Origin, Payload, SignedPayload
from chains.registry.client import RegistryClient
from chains.registry.credentials import ChainedKeychain
from chains.registry.oci_store import OciStore
from chains.runs.marks import REASON, SIGNED
from chains.runs.sighting import RunKey
from tests.verify.recordings import chains
from tests.world.builders import NAMESPACE, OCI, build, inhabited

IGNORED = "--insecure-ignore-tlog"
NOTHING = "nothing to sign"
NOWHERE = "sha256:" + "0" * 64


class Audited:
    """An audit that ended: its exit code and what it said of each run or image."""

    def __init__(self, code: int, document: dict[str, Any]) -> None:
        self.code = code
        self.entries = document["entries"]

    def verdicts(self) -> dict[str, str]:
        return {entry["run"]["name"] if entry["run"] else entry["name"]: entry["verdict"] for entry in self.entries}

    def why(self, name: str) -> str:
        return "; ".join(*(one["why"] for one in self.entries if one["run"] and one["run"]["name"] == name))


async def audit(here: World, *arguments: str) -> Audited:
    scope = arguments or ("--namespace", NAMESPACE)
    told = ("audit", "--kubeconfig", here.kubeconfig, "--key", here.public_key, IGNORED, "-o", "json", *scope)
    ended = await asyncio.to_thread(chains, *map(str, told))
    return Audited(ended.exit_code, json.loads(ended.stdout))


async def apply(here: World, name: str, image: ImageReference, **annotations: str) -> None:
    found = build(name, image)
    found["metadata"]["annotations"] = {f"chains.tekton.dev/{key}": text for key, text in annotations.items()}
    await here.kubernetes.apply(found)


async def annotate(here: World, name: str, annotation: str, text: str) -> None:
    found = here.kubernetes.get("TaskRun", name, NAMESPACE)
    assert found is not None
    client = await KubeClient.connect(str(here.kubeconfig))
    try:
        key = RunKey("TaskRun", NAMESPACE, name, found["metadata"]["uid"])
        assert await KubeCluster(client, "").mark(key, {annotation: text})
    finally:
        await client.close()


async def test_what_the_service_signed_verifies(tmp_path: Path) -> None:
    async with inhabited(tmp_path) as here:
        await here.apply_build("one")
        await here.until(End.SIGNED)
        ended = await audit(here.world)
    assert (ended.code, ended.verdicts()) == (0, {"one": "verified"})
    [entry] = ended.entries
    assert entry["run"]["mark"] == "true"
    assert entry["attestations"][0]["build"]["builderId"] == "https://tekton.dev/chains/v2"


async def test_a_run_that_claims_to_be_signed_and_is_not_is_found_out(tmp_path: Path) -> None:
    async with world(tmp_path, OCI, (NAMESPACE,)) as here:
        image = here.registry.push_image("team/app", "one")
        await apply(here, "boaster", image, signed="true")
        ended = await audit(here)
    assert (ended.code, ended.verdicts()) == (12, {"boaster": "claim without proof"})
    assert "no signature is stored" in ended.why("boaster")


async def test_a_run_that_ended_and_was_never_signed_is_told_of(tmp_path: Path) -> None:
    async with world(tmp_path, OCI, (NAMESPACE,)) as here:
        await apply(here, "forgotten", here.registry.push_image("team/app", "one"))
        ended = await audit(here)
    assert (ended.code, ended.verdicts()) == (12, {"forgotten": "unsigned"})
    assert "carries no mark" in ended.why("forgotten")


async def test_a_run_that_was_given_up_says_why(tmp_path: Path) -> None:
    async with inhabited(tmp_path) as here:
        here.world.registry.faults.add(Fault(method="POST", status=405))
        await here.apply_build("one")
        await here.until(End.FAILED)
        reason = here.annotations("one")[REASON]
        ended = await audit(here.world)
    assert (ended.code, ended.verdicts()) == (12, {"one": "signing failed"})
    assert reason in ended.why("one")


async def test_runs_with_nothing_to_sign_or_not_at_their_end_are_neither_good_nor_bad(tmp_path: Path) -> None:
    async with world(tmp_path, OCI, (NAMESPACE,)) as here:
        image = here.registry.push_image("team/app", "one")
        silent, running = build("silent", image), build("running", image)
        silent["status"]["results"] = []
        running["status"]["conditions"][0]["status"] = "Unknown"
        await here.kubernetes.apply(silent)
        await here.kubernetes.apply(running)
        ended = await audit(here)
    assert ended.code == 0
    assert ended.verdicts() == {"silent": "nothing to sign", "running": "not finished"}


@pytest.mark.parametrize("form", ["slsa/v1", "slsa/v2alpha4"])
async def test_the_attestation_of_another_run_of_the_same_image_does_not_count(tmp_path: Path, form: str) -> None:
    async with inhabited(tmp_path, OCI | {"artifacts.taskrun.format": form}) as here:
        image = await here.apply_build("one")
        await here.until(End.SIGNED)
        later = build("two", image)
        later["metadata"]["annotations"] = {SIGNED: "true"}
        later["status"]["completionTime"] = "2026-05-01T09:00:00Z"
        await here.world.kubernetes.apply(later)
        ended = await audit(here.world)
    assert ended.verdicts() == {"one": "verified", "two": "claim without proof"}
    assert "are of other runs" in ended.why("two")


@pytest.mark.parametrize("first", ["foreign", "own"])
async def test_of_two_keys_the_one_that_attests_the_run_counts_whichever_is_named_first(
    tmp_path: Path, first: str
) -> None:
    async with inhabited(tmp_path) as here:
        image = await here.apply_build("one")
        await here.until(End.SIGNED)
        foreign = new_signer()
        await attest_another_run(here.world, image, foreign)
        (tmp_path / "foreign.pub").write_bytes(foreign.public_pem)
        own = str(here.world.public_key)
        keys = [str(tmp_path / "foreign.pub"), own] if first == "foreign" else [own, str(tmp_path / "foreign.pub")]
        told = ("audit", "--kubeconfig", str(here.world.kubeconfig), "--key", keys[0], "--key", keys[1], IGNORED)
        ended = await asyncio.to_thread(chains, *told, "-o", "json", "--namespace", NAMESPACE)
    [found] = json.loads(ended.stdout)["entries"]
    assert (ended.exit_code, found["verdict"]) == (0, "verified"), found["why"]
    assert [one["key"] for one in found["attestations"]] == [own]


async def attest_another_run(here: World, image: ImageReference, signer: KeySigner) -> None:
    """Put provenance of another run of the same image beside it, by another key."""
    predicate = {"builder": {"id": "x"}, "metadata": {"buildInvocationId": "another"}}
    subject = [{"name": str(image.repository), "digest": {"sha256": image.digest.hex}}]
    kind = "https://slsa.dev/provenance/v0.2"
    body = json.dumps({"_type": "t", "predicateType": kind, "subject": subject, "predicate": predicate}).encode()
    made = await signer.sign(pre_authentication_encoding(IN_TOTO, body))
    signed = SignedPayload(Payload(body, IN_TOTO, kind, "run", (image,)), made, envelope(IN_TOTO, body, made))
    async with RegistryClient() as client:
        store = OciStore(client, lambda _origin: ChainedKeychain())
        await store.put(signed, Origin("TaskRun", NAMESPACE, "another", "another", "default"))


async def test_a_reason_on_the_mark_excuses_nothing_that_the_results_name(tmp_path: Path) -> None:
    async with world(tmp_path, OCI, (NAMESPACE,)) as here:
        image = here.registry.push_image("team/app", "one")
        await apply(here, "image", image, signed="true", reason="nothing to sign")
        made = build("archive", image)
        made["metadata"]["annotations"] = {SIGNED: "true", REASON: "nothing to sign"}
        made["status"]["results"] = [
            {"name": "ARTIFACT_URI", "type": "string", "value": "https://files.example.com/app.tar"},
            {"name": "ARTIFACT_DIGEST", "type": "string", "value": NOWHERE},
        ]
        await here.kubernetes.apply(made)
        silent = build("silent", image)
        silent["metadata"]["annotations"] = {SIGNED: "true", REASON: "no result names an artifact"}
        silent["status"]["results"] = []
        await here.kubernetes.apply(silent)
        ended = await audit(here)
        images_only = await audit(here, "--namespace", NAMESPACE, "--images-only")
    assert images_only.verdicts() == {"image": "claim without proof"} | dict.fromkeys(("archive", "silent"), NOTHING)
    expected = {"image": "claim without proof", "archive": "unsigned", "silent": "nothing to sign"}
    assert (ended.code, ended.verdicts()) == (12, expected)
    assert "its mark says: nothing to sign" in ended.why("archive")


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("k8s://audit/nosuch", "the Secret audit/nosuch with the signing key does not exist"),
        ("k8s-cm://audit/nosuch", "the ConfigMap audit/nosuch does not exist"),
    ],
)
async def test_a_key_that_is_not_there_ends_with_1_and_the_sentence(tmp_path: Path, key: str, said: str) -> None:
    async with world(tmp_path, OCI, (NAMESPACE,)) as here:
        env = {"KUBECONFIG": str(here.kubeconfig)}
        ended = await asyncio.to_thread(chains, "audit", "--key", key, IGNORED, "-n", NAMESPACE, env=env)
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert said in ended.stderr.splitlines()[0]


async def test_attestations_in_the_annotations_of_runs_count(tmp_path: Path) -> None:
    async with inhabited(tmp_path, OCI | {"artifacts.taskrun.storage": "tekton"}) as here:
        await here.apply_build("one")
        await here.until(End.SIGNED)
        ended = await audit(here.world)
    assert (ended.code, ended.verdicts()) == (0, {"one": "verified"})
    [entry] = ended.entries
    assert [one["layout"] for one in entry["attestations"]] == ["run"]


async def test_a_run_that_made_no_image_is_judged_by_its_annotations(tmp_path: Path) -> None:
    async with inhabited(tmp_path, OCI | {"artifacts.taskrun.storage": "tekton"}) as here:
        image = here.world.registry.push_image("team/app", "one")
        made = build("archive", image)
        made["status"]["results"] = [
            {"name": "ARTIFACT_URI", "type": "string", "value": "https://files.example.com/app.tar"},
            {"name": "ARTIFACT_DIGEST", "type": "string", "value": NOWHERE},
        ]
        await here.world.kubernetes.apply(made)
        await here.until(End.SIGNED)
        ended = await audit(here.world)
        assert (ended.code, ended.verdicts()) == (0, {"archive": "verified"})
        [held] = [name for name in here.annotations("archive") if name.startswith("chains.tekton.dev/signature-")]
        await annotate(here.world, "archive", held, "AAAA")
        ended = await audit(here.world)
    assert (ended.code, ended.verdicts()) == (12, {"archive": "does not verify"})


async def test_a_run_is_not_verified_where_nothing_is_asked_of_it(tmp_path: Path) -> None:
    async with world(tmp_path, OCI, (NAMESPACE,)) as here:
        made = build("empty", here.registry.push_image("team/app", "one"))
        made["status"]["results"] = []
        made["metadata"]["annotations"] = {SIGNED: "true", "chains.tekton.dev/signature-junk": "AAAA"}
        await here.kubernetes.apply(made)
        ended = await audit(here, "--namespace", NAMESPACE, "--require", "signature")
    assert ended.verdicts() == {"empty": "nothing to sign"}


async def test_an_image_that_is_gone_leaves_a_claim_without_proof(tmp_path: Path) -> None:
    async with world(tmp_path, OCI, (NAMESPACE,)) as here:
        image = here.registry.push_image("team/app", "one")
        gone = ImageReference(image.repository, type(image.digest).parse(NOWHERE))
        await apply(here, "gone", gone, signed="true")
        ended = await audit(here)
    assert (ended.code, ended.verdicts()) == (12, {"gone": "image not found"})


async def test_a_namespace_without_runs_is_no_success(tmp_path: Path) -> None:
    async with world(tmp_path, OCI, (NAMESPACE,)) as here:
        ended = await audit(here, "--namespace", "typo")
    assert (ended.code, ended.verdicts()) == (20, {"namespace typo": "not judged"})


async def test_a_cluster_that_says_nothing_could_not_be_judged(tmp_path: Path) -> None:
    async with world(tmp_path, OCI, (NAMESPACE,)) as here:
        image = here.registry.push_image("team/app", "one")
        await apply(here, "plain", image, signed="true")
        here.kubernetes.faults.add(Fault(path="/pipelineruns", delay=30.0))
        ended = await audit(here, "--timeout", "1s", "--namespace", NAMESPACE)
    assert ended.verdicts() == {"plain": "claim without proof", f"PipelineRuns of {NAMESPACE}": "not judged"}
    assert "could not be listed within 1 s" in str(ended.entries)


async def test_a_run_that_cannot_be_read_stops_no_other(tmp_path: Path) -> None:
    async with world(tmp_path, OCI, (NAMESPACE,)) as here:
        image = here.registry.push_image("team/app", "one")
        odd = build("odd", image)
        odd["status"]["startTime"] = "yesterday"
        await here.kubernetes.apply(odd)
        await apply(here, "plain", image, signed="true")
        ended = await audit(here, "--all-namespaces")
    assert ended.code == 12
    assert ended.verdicts() == {f"TaskRun {NAMESPACE}/odd": "not judged", "plain": "claim without proof"}


def test_a_cluster_that_cannot_be_reached_could_not_be_judged(tmp_path: Path) -> None:
    config = tmp_path / "kubeconfig"
    cluster = {"name": "c", "cluster": {"server": "http://127.0.0.1:9"}}
    context = {"name": "c", "context": {"cluster": "c", "user": "u"}}
    told = {"clusters": [cluster], "contexts": [context], "current-context": "c", "users": [{"name": "u", "user": {}}]}
    config.write_text(json.dumps({"apiVersion": "v1", "kind": "Config", **told}))
    key = Path(__file__).parents[1] / "verify" / "captures" / "workdir" / "k25" / "cosign.pub"
    ended = chains("audit", "--kubeconfig", str(config), "--key", str(key), IGNORED, "--namespace", NAMESPACE)
    assert ended.exit_code == 20, ended.stderr
    assert "could not be judged" in ended.stdout
