"""What kubectl makes of every kustomization: the release, and the overlays."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from chains.cli.controller import command
from tests.docs.blocks import section
from tests.manifests.builders import CONFIG
from tests.peers.programs import run

pytestmark = pytest.mark.peers
OVERLAYS = CONFIG / "overlays"
CLUSTER_WIDE = {
    "Namespace",
    "ClusterRole",
    "ClusterRoleBinding",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
}
Objects = dict[tuple[str, str], dict[str, Any]]


async def rendered(folder: Path, home: Path) -> bytes:
    made = await run("kubectl", "kustomize", folder, home=home)
    assert made.succeeded, made
    assert not made.err, made
    return made.out


async def objects(folder: Path, home: Path) -> Objects:
    found = yaml.safe_load_all(await rendered(folder, home))
    return {(each["kind"], each["metadata"]["name"]): each for each in found}


def deployment(found: Objects) -> dict[str, Any]:
    spec: dict[str, Any] = found["Deployment", "tekton-chains-controller"]["spec"]
    return spec


async def test_the_release_is_current(tmp_path: Path) -> None:
    assert (CONFIG / "release.yaml").read_bytes() == await rendered(CONFIG, tmp_path), "run make release"


async def test_with_high_availability_one_of_three_may_be_evicted_at_a_time(tmp_path: Path) -> None:
    plain, found = await objects(CONFIG, tmp_path), await objects(OVERLAYS / "ha", tmp_path)
    budget = found.pop(("PodDisruptionBudget", "tekton-chains-controller"))["spec"]
    priority = found.pop(("PriorityClass", "tekton-chains"))
    assert found.keys() == plain.keys()
    spec = deployment(found)
    assert spec["template"]["spec"]["priorityClassName"] == priority["metadata"]["name"]
    assert (spec["replicas"], spec["strategy"]["rollingUpdate"]) == (3, {"maxSurge": 0, "maxUnavailable": 1})
    assert budget["maxUnavailable"] == 1
    labels = spec["template"]["metadata"]["labels"]
    spread = spec["template"]["spec"]["topologySpreadConstraints"]
    assert [each["topologyKey"] for each in spread] == ["kubernetes.io/hostname", "topology.kubernetes.io/zone"]
    for selector in (budget["selector"], *(each["labelSelector"] for each in spread)):
        assert selector["matchLabels"].items() <= labels.items()


@pytest.mark.parametrize("overlay", ["", "overlays/ha", "overlays/openshift", "overlays/namespaced"])
async def test_the_image_is_named_once_for_any_overlay_and_the_port_patch_opens_a_port(
    tmp_path: Path, overlay: str
) -> None:
    (tmp_path / "chains").symlink_to(CONFIG.parent)
    (own,) = (text for text in section("config/README.md", "Name the image") if "kind: Kustomization" in text)
    (patch,) = (text for text in section("config/README.md", "What guards it") if "/ports/-" in text)
    mine = yaml.safe_load(own) | yaml.safe_load(patch)
    mine["resources"] = [f"chains/config/{overlay}".rstrip("/")]
    (tmp_path / "kustomization.yaml").write_text(json.dumps(mine))
    found = await objects(tmp_path, tmp_path)
    (image,) = {each["image"] for each in deployment(found)["template"]["spec"]["containers"]}
    assert image == "registry.example.com/platform/chains-controller:0.1.0"
    ports = found["NetworkPolicy", "tekton-chains-controller"]["spec"]["egress"][1]["ports"]
    assert {8080, 3000, 16443} < {each["port"] for each in ports}


async def test_on_openshift_no_user_or_group_is_named_and_all_else_is_the_same(tmp_path: Path) -> None:
    plain, found = await objects(CONFIG, tmp_path), await objects(OVERLAYS / "openshift", tmp_path)
    usual = deployment(plain)["template"]["spec"]["securityContext"]
    assert {usual.pop(name) for name in ("runAsUser", "runAsGroup", "fsGroup")} == {65532}
    assert found == plain


async def test_in_one_namespace_nothing_is_outside_of_it(tmp_path: Path) -> None:
    (tmp_path / "checkout").symlink_to(CONFIG.parent)
    mine = {"namespace": "team-a", "resources": ["checkout/config/overlays/namespaced"]}
    (tmp_path / "kustomization.yaml").write_text(json.dumps(mine))
    plain, found = await objects(CONFIG, tmp_path), await objects(tmp_path, tmp_path)
    assert {kind for kind, _ in plain.keys() - found.keys()} == {*CLUSTER_WIDE, "NetworkPolicy"}
    assert not CLUSTER_WIDE & {kind for kind, _ in found}
    for each in found.values():
        assert each["metadata"]["namespace"] == "team-a"
        accounts = [subject for subject in each.get("subjects", ()) if subject["kind"] == "ServiceAccount"]
        assert all(account["namespace"] == "team-a" for account in accounts)
    (container,) = deployment(found)["template"]["spec"]["containers"]
    assert container["args"] == ["controller", "--namespace", "$(SYSTEM_NAMESPACE)"]
    command.make_context("controller", container["args"][1:])


async def test_in_one_namespace_it_may_do_there_what_it_may_do_everywhere_else(tmp_path: Path) -> None:
    plain, found = await objects(CONFIG, tmp_path), await objects(OVERLAYS / "namespaced", tmp_path)
    everywhere = [rule for (kind, _), role in plain.items() if kind == "ClusterRole" for rule in role["rules"]]
    here = found["Role", "tekton-chains-run-access"]["rules"]
    assert sorted(map(str, here)) == sorted(map(str, everywhere))


async def test_the_monitoring_is_three_objects_and_the_dashboard_whole(tmp_path: Path) -> None:
    found = await objects(CONFIG / "monitoring", tmp_path)
    assert {kind for kind, _ in found} == {"PodMonitor", "PrometheusRule", "ConfigMap"}
    board = found["ConfigMap", "tekton-chains-dashboard"]
    assert board["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert board["data"]["chains.json"] == (CONFIG / "monitoring" / "dashboard.json").read_text()
