"""The whole demo, judged from outside: both cosigns, skopeo, kubectl and Kubernetes' own Python client."""

import asyncio
import base64
import json

import oras.client
import pytest
from kubernetes import client, config

from chains.registry.client import RegistryClient
from tests.builders import image_results, taskrun_object
from tests.peers.bench import Bench
from tests.peers.cosign import Cosign
from tests.peers.demo import Demo, kept_demo
from tests.peers.skopeo import Skopeo

pytestmark = pytest.mark.peers

SIGNED = "chains.tekton.dev/signed"
IS_SIGNED = r"--for=jsonpath={.metadata.annotations.chains\.tekton\.dev/signed}=true"
SECRET = ("-n", "tekton-chains", "get", "secret", "signing-secrets")


async def signed_images(demo: Demo) -> list[str]:
    """Every image in the demo's registry with a signature beside it, as oras lists the tags."""
    reader, url = oras.client.OrasClient(insecure=True), f"http://{demo.registry}/v2/_catalog"
    catalog = await asyncio.to_thread(reader.do_request, url)
    found = []
    for path in catalog.json()["repositories"]:
        for tag in await asyncio.to_thread(reader.get_tags, f"{demo.registry}/{path}"):
            if tag.endswith(".sig"):
                digest = tag.removesuffix(".sig").replace("sha256-", "sha256:")
                found.append(f"{demo.registry}/{path}@{digest}")
    return sorted(found)


async def test_every_image_verifies_with_both_cosigns_and_is_let_in_by_skopeo(tmp_path):
    async with kept_demo(tmp_path) as demo:
        assert sorted(map(str, demo.images)) == await signed_images(demo)
        assert len(demo.images) >= 5
        for image in map(str, demo.images):
            for name in ("cosign-2", "cosign-3"):
                cosign = Cosign(name, tmp_path, {"SIGSTORE_REKOR_PUBLIC_KEY": str(demo.log_key)})
                what = ("--key", demo.public_key, image)
                signature = await cosign.call("verify", *what)
                attestation = await cosign.call("verify-attestation", "--type", "slsaprovenance", *what)
                assert signature.succeeded, signature
                assert attestation.succeeded, attestation
            pulled = await Skopeo(tmp_path, demo.registry, demo.public_key).pull(image)
            assert pulled.succeeded, pulled


async def test_the_attestations_of_pipelineruns_verify_as_slsa_v1_with_both_cosigns(tmp_path):
    async with kept_demo(tmp_path) as demo:
        of_pipelines = [
            str(i) for i in demo.images if i.repository.path in ("myname/kurator-test", "builds/storefront")
        ]
        assert len(of_pipelines) == 2
        for image in of_pipelines:
            for cosign in (Cosign("cosign-2", tmp_path), Cosign("cosign-3", tmp_path)):
                attestation = await cosign.verify_attestation(demo.public_key, image, kind="slsaprovenance1")
                assert attestation.succeeded, attestation
                [envelope] = attestation.out.splitlines()
                statement = json.loads(base64.b64decode(json.loads(envelope)["payload"]))
                assert statement["predicateType"] == "https://slsa.dev/provenance/v1"
                assert "runSpec" in statement["predicate"]["buildDefinition"]["externalParameters"]


async def test_kubectl_shows_every_run_as_signed_and_the_key_in_its_secret(tmp_path):
    async with kept_demo(tmp_path) as demo:
        listed = await demo.kubectl("get", "taskruns", "--all-namespaces", "-o", "json")
        assert listed.succeeded, listed
        runs = json.loads(listed.out)["items"]
        for name in (run["metadata"]["name"] for run in runs):
            assert name in (await table(demo))
        assert {run["metadata"]["annotations"].get(SIGNED) for run in runs} == {"true"}
        assert not any(run["metadata"].get("finalizers") for run in runs)

        secret = await demo.kubectl(*SECRET, "-o", "json")
        assert secret.succeeded, secret
        stored = json.loads(secret.out)["data"]["cosign.pub"]
        assert base64.b64decode(stored) == demo.public_key.read_bytes()


async def table(demo: Demo) -> str:
    shown = await demo.kubectl("get", "taskruns", "--all-namespaces")
    assert shown.succeeded, shown
    return shown.out.decode()


async def test_kubernetes_own_client_reads_the_runs_that_kubectl_shows(tmp_path):
    async with kept_demo(tmp_path) as demo:
        listed = await demo.kubectl("get", "taskruns", "--all-namespaces", "-o", "json")
        runs = {run["metadata"]["uid"] for run in json.loads(listed.out)["items"]}

        with config.new_client_from_config(str(demo.kubeconfig)) as api:
            objects = client.CustomObjectsApi(api)
            read = await asyncio.to_thread(objects.list_cluster_custom_object, "tekton.dev", "v1", "taskruns")
            secret = await asyncio.to_thread(
                client.CoreV1Api(api).read_namespaced_secret, "signing-secrets", "tekton-chains"
            )

        assert {run["metadata"]["uid"] for run in read["items"]} == runs
        assert set(secret.data) == {"cosign.key", "cosign.password", "cosign.pub"}
        assert secret.immutable


async def test_a_run_that_kubectl_applies_is_signed_while_the_demo_goes_on(tmp_path):
    async with kept_demo(tmp_path) as demo, RegistryClient() as registry:
        image = await Bench(demo.registry, registry, tmp_path).push("builds/late", "late")
        told = taskrun_object("late", results=image_results(str(image.repository), str(image.digest)))
        told["metadata"].pop("uid")

        applied = await demo.kubectl("apply", "-f", "-", feed=json.dumps(told).encode())
        marked = await demo.kubectl("wait", "-n", "builds", "taskrun/late", IS_SIGNED, "--timeout=40s")

        assert applied.succeeded, applied
        assert marked.succeeded, marked
        for cosign in (Cosign("cosign-2", tmp_path), Cosign("cosign-3", tmp_path)):
            signature = await cosign.verify(demo.public_key, str(image))
            attestation = await cosign.verify_attestation(demo.public_key, str(image))
            assert signature.succeeded, signature
            assert attestation.succeeded, attestation
