"""`chains doctor`: each thing wrong alone is found, named, and comes with what helps."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from chains.cli.doctor.cluster import rights
from chains.demo.faults import Fault
from chains.demo.world import SECRET, SYSTEM_NAMESPACE, World, world
from chains.keys.generate import new_signer
from chains.kube.access_review import Right
from tests.cli.command import chains
from tests.kube.certificates import Authority
from tests.manifests.builders import manifests
from tests.world.builders import NAMESPACE, OCI, build

JSON = {"Content-Type": "application/json"}
LOGGED = OCI | {"transparency.enabled": "true", "artifacts.pipelinerun.storage": "oci"}


async def examined(
    here: World, *flags: str, env: Mapping[str, str] | None = None, deployed: bool = True
) -> tuple[int, dict[str, list[dict[str, str]]]]:
    """Run the command, and return its exit code and findings by check."""
    if deployed:
        deploy(here, 1, 1)
    asked = ("doctor", "--kubeconfig", here.kubeconfig, "-o", "json", *flags)
    done = await asyncio.to_thread(chains, *asked, env={"DOCKER_CONFIG": str(here.kubeconfig.parent), **(env or {})})
    found: dict[str, list[dict[str, str]]] = {}
    for row in json.loads(done.stdout or "[]"):
        found.setdefault(row["check"], []).append(row)
    assert found, done.stderr
    return done.returncode, found


def deploy(here: World, replicas: int, ready: int) -> None:
    """Let the API answer with a Deployment, of which the embedded one knows nothing."""
    body = json.dumps({"spec": {"replicas": replicas}, "status": {"readyReplicas": ready}})
    here.kubernetes.faults.add(Fault(path="deployments/tekton-chains-controller", status=200, body=body, headers=JSON))


@pytest.mark.parametrize(
    ("replicas", "ready", "verdict", "why"),
    [
        (3, 3, "good", "3 of 3 pods ready"),
        (3, 1, "warning", "1 of 3 pods ready"),
        (1, 0, "bad", "0 of 1 pods ready"),
        (0, 0, "bad", "0 of 0 pods ready"),
    ],
)
async def test_a_service_that_does_not_run_is_told_of(
    tmp_path: Path, replicas: int, ready: int, verdict: str, why: str
) -> None:
    async with world(tmp_path, OCI, (NAMESPACE,)) as here:
        deploy(here, replicas, ready)
        code, found = await examined(here, deployed=False)
        [row] = found["controller"]
        assert (row["verdict"], code) == (verdict, int(verdict == "bad"))
        assert why in row["why"]
        assert (row["helps"] == "") == (verdict == "good")


async def test_a_service_that_is_not_installed_is_told_of(tmp_path: Path) -> None:
    async with world(tmp_path, OCI, (NAMESPACE,)) as here:
        _, found = await examined(here, deployed=False)
        [row] = found["controller"]
        assert (row["verdict"], row["why"]) == (
            "warning",
            f"there is no Deployment {SYSTEM_NAMESPACE}/tekton-chains-controller",
        )


async def test_a_good_installation_is_good_and_nothing_is_left_behind(tmp_path: Path) -> None:
    async with world(tmp_path, LOGGED, (NAMESPACE,)) as here:
        image = here.registry.push_image("team/app", seed="a")
        await here.kubernetes.apply(build("one", image))
        code, found = await examined(here)
        assert {row["verdict"] for check in found.values() for row in check} == {"good"}, found
        assert code == 0
        assert f"{NAMESPACE}/default may push to {image.repository}" in found["registry"][0]["why"]
        text = await asyncio.to_thread(chains, "doctor", "--kubeconfig", here.kubeconfig)
        assert text.stdout.splitlines()[0].startswith("ok    rights")


def deny(here: World) -> None:
    here.kubernetes.denied.add(("patch", "taskruns"))


def refuse_reviews(here: World) -> None:
    here.kubernetes.faults.add(Fault(path="accessreviews", status=403))


def hide_tekton(here: World) -> None:
    here.kubernetes.faults.add(Fault(path=r"^/apis/tekton.dev/v1$", status=404))


def hide_key(here: World) -> None:
    here.kubernetes.faults.add(Fault(path=f"/secrets/{SECRET}", status=404))


def hide_settings(here: World) -> None:
    here.kubernetes.faults.add(Fault(path="/configmaps/chains-config", status=404))


def stop_log(here: World) -> None:
    here.rekor.faults.add(Fault(path="/api/v1/log", status=502))


def refuse_pushes(here: World) -> None:
    here.registry.faults.add(Fault(method="POST", path="/blobs/uploads/", status=405))


def deny_pushes(here: World) -> None:
    here.registry.faults.add(Fault(method="POST", path="/blobs/uploads/", status=403))


def lock_key(here: World) -> None:
    replace_entry(here, "cosign.password", b"other")


def swap_public_key(here: World) -> None:
    replace_entry(here, "cosign.pub", new_signer().public_pem)


def replace_entry(here: World, name: str, content: bytes) -> None:
    held = here.kubernetes.get("Secret", SECRET, SYSTEM_NAMESPACE)
    assert held is not None
    body = json.dumps({**held, "data": {**held["data"], name: base64.b64encode(content).decode()}})
    here.kubernetes.faults.add(Fault(path=f"/secrets/{SECRET}", status=200, headers=JSON, body=body))


@pytest.mark.parametrize(
    ("break_", "check", "verdict", "why", "helps"),
    [
        (deny, "rights", "bad", "may not patch taskruns.tekton.dev", 'verbs: ["patch"]'),
        (refuse_reviews, "rights", "unknown", "403", "access reviews"),
        (hide_tekton, "Tekton", "bad", "no taskruns", "install Tekton Pipelines"),
        (hide_key, "key", "bad", "does not exist", "generate-key-pair"),
        (hide_settings, "configuration", "bad", "does not exist", "create configmap"),
        (stop_log, "log", "bad", "502", "transparency.url"),
        (refuse_pushes, "registry", "bad", "405", "allow pushes to it"),
        (deny_pushes, "registry", "bad", "403", "push rights"),
        (swap_public_key, "key", "warning", "is not the public half", "chains public-key"),
        (lock_key, "key", "bad", "does not open the key", "the key's own password"),
    ],
)
async def test_what_is_wrong_alone_is_named_alone(
    tmp_path: Path, break_: Callable[[World], None], check: str, verdict: str, why: str, helps: str
) -> None:
    async with world(tmp_path, LOGGED, (NAMESPACE,)) as here:
        break_(here)
        flags = ("--image", f"{here.registry.address}/team/app", "-n", NAMESPACE)
        code, found = await examined(here, *flags)
        [row] = found.pop(check)
        assert row["verdict"] == verdict
        assert why in row["why"]
        assert helps in row["helps"]
        assert code == (1 if verdict == "bad" else 0)
        if check != "configuration":  # without it the defaults are looked at
            assert {other["verdict"] for rows in found.values() for other in rows} == {"good"}


async def test_an_api_that_cannot_be_reached_is_one_finding_and_its_way_the_remedy(tmp_path: Path) -> None:
    async with world(tmp_path, OCI, (NAMESPACE,)) as here:
        text = here.kubeconfig.read_text()
        here.kubeconfig.write_text(text.replace(here.kubernetes.url, "http://127.0.0.1:9"))
        code, found = await examined(here)
        [[row]] = found.values()
        assert (code, row["check"], row["verdict"]) == (1, "API", "bad")
        assert "Connection refused" in row["why"]
        assert "nothing listens there" in row["helps"]


async def test_hosts_that_cannot_be_reached_come_with_the_way_to_them(tmp_path: Path) -> None:
    proxied = {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1"}
    settings = LOGGED | {"transparency.url": "https://rekor.example.com"}
    async with secure_server(tmp_path) as address, world(tmp_path, settings, (NAMESPACE,)) as here:
        images = ("--image", "127.0.0.1:9/team/app", "--image", f"{address}/team/app")
        _, found = await examined(here, *images, env=proxied)
        refused, untrusted = found.pop("registry")
        [log] = found.pop("log")
        assert {row["verdict"] for rows in found.values() for row in rows} == {"good"}
        assert "nothing listens there" in refused["helps"]
        assert "--registry-ca HOST=FILE" in untrusted["helps"]
        assert "the proxy 127.0.0.1:9: Connection refused" in log["why"]
        assert "NO_PROXY" in log["helps"]


@asynccontextmanager
async def secure_server(folder: Path) -> AsyncIterator[str]:
    """A server whose certificate nobody trusts, at its address."""
    context = Authority.create(folder).server(name="localhost")
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"localhost:{server.sockets[0].getsockname()[1]}"


async def test_where_nothing_was_built_yet_a_repository_is_asked_for(tmp_path: Path) -> None:
    async with world(tmp_path, LOGGED, (NAMESPACE,)) as here:
        code, found = await examined(here)
        [row] = found.pop("registry")
        assert (code, row["verdict"], row["helps"]) == (0, "unknown", "name one with --image")
        assert {other["verdict"] for rows in found.values() for other in rows} == {"good"}


async def test_a_log_of_another_key_is_refused(tmp_path: Path) -> None:
    other: dict[str, Any] = {"transparency.public-key": new_signer().public_pem.decode()}
    async with world(tmp_path, LOGGED | other, (NAMESPACE,)) as here:
        _, found = await examined(here, "--image", f"{here.registry.address}/team/app")
        [row] = found["log"]
        assert (row["verdict"], row["helps"]) == ("bad", "set transparency.public-key to this log's key")


async def test_the_rights_of_the_service_are_asked_for_by_its_name(tmp_path: Path) -> None:
    async with world(tmp_path, OCI, (NAMESPACE,)) as here:
        here.kubernetes.denied.add(("get", "secrets"))
        _, found = await examined(here, "--as-controller", "--image", f"{here.registry.address}/team/app")
        assert "system:serviceaccount:tekton-chains:tekton-chains-controller may not get" in found["rights"][0]["why"]


def test_the_rights_asked_for_are_those_that_the_installation_grants() -> None:
    granted: set[Right] = set()
    for role in (found for found in manifests() if found["kind"] in ("Role", "ClusterRole")):
        if role["metadata"]["name"] == "tekton-chains-info":
            continue
        namespace = role["metadata"].get("namespace", "")
        for rule in role["rules"]:
            granted |= {
                Right(group, resource, verb, namespace, name)
                for group in rule["apiGroups"]
                for resource in rule["resources"]
                for verb in rule["verbs"]
                for name in rule.get("resourceNames", [""])
            }
    more_buckets = {
        right for right in granted if right.resource == "leases" and right.name and not right.name.endswith("-of-01")
    }
    assert set(rights(SYSTEM_NAMESPACE)) == granted - more_buckets
