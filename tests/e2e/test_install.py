"""What `config/` ships is accepted by a real API server, once and again, its pod and its overlays too."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from tests.e2e.cluster import SYSTEM, kubectl, try_kubectl
from tests.e2e.control_plane import ROOT, ControlPlane

pytestmark = pytest.mark.e2e
CONFIG = ROOT / "config"


@pytest.mark.usefixtures("installed")
def test_it_can_be_applied_again_and_nothing_changes(plane: ControlPlane) -> None:
    said = kubectl(plane, "apply", "-k", str(ROOT / "config"), "--dry-run=server", "-o", "json")
    assert len(json.loads(said)["items"]) >= 10
    assert "configured" not in kubectl(plane, "apply", "-k", str(ROOT / "config"), "--dry-run=server")


@pytest.mark.usefixtures("installed")
def test_its_pod_is_admitted_where_pods_are_restricted(plane: ControlPlane) -> None:
    deployment = yaml.safe_load((ROOT / "config" / "controller" / "deployment.yaml").read_text())
    pod = {"apiVersion": "v1", "kind": "Pod", **deployment["spec"]["template"]}
    pod["metadata"] = {"name": "proof", "namespace": SYSTEM, "labels": pod["metadata"]["labels"]}
    kubectl(plane, "create", "--dry-run=server", "-f", "-", feed=json.dumps(pod))
    pod["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = True
    refused = try_kubectl(plane, "create", "--dry-run=server", "-f", "-", feed=json.dumps(pod))
    assert 'violates PodSecurity "restricted' in refused.stderr


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("folder", ["", "overlays/ha", "overlays/openshift"])
def test_every_overlay_is_applied_without_a_warning_of_pod_security(plane: ControlPlane, folder: str) -> None:
    try:
        applied = try_kubectl(plane, "apply", "-k", str(CONFIG / folder))
        assert (applied.returncode, applied.stderr) == (0, ""), applied
        found = plane.ask("GET", f"/apis/apps/v1/namespaces/{SYSTEM}/deployments/tekton-chains-controller")["spec"]
        assert found["replicas"] == (3 if folder.endswith("ha") else 1)
        assert ("runAsUser" in found["template"]["spec"]["securityContext"]) == (not folder.endswith("openshift"))
        shared = plane.ask("GET", f"/api/v1/namespaces/{SYSTEM}/configmaps/tekton-chains-config-leader-election")
        assert shared.get("data") == ({"buckets": "3"} if folder.endswith("ha") else None)
    finally:
        try_kubectl(plane, "delete", "poddisruptionbudgets", "--all", "-n", SYSTEM)
        kubectl(plane, "apply", "-k", str(CONFIG))


@pytest.mark.usefixtures("installed")
def test_a_pod_that_is_not_restricted_is_warned_of_and_refused(plane: ControlPlane, tmp_path: Path) -> None:
    deployment = yaml.safe_load((CONFIG / "controller" / "deployment.yaml").read_text())
    deployment["metadata"]["name"] = "loose"
    deployment["spec"]["template"]["spec"]["containers"][0]["securityContext"] = {}
    told = try_kubectl(plane, "create", "--dry-run=server", "-f", "-", feed=json.dumps(deployment))
    assert 'would violate PodSecurity "restricted' in told.stderr


@pytest.mark.usefixtures("installed")
def test_the_release_is_what_is_applied_already(plane: ControlPlane) -> None:
    said = kubectl(plane, "apply", "-f", str(CONFIG / "release.yaml"), "--dry-run=server")
    assert "configured" not in said
    assert "created" not in said


def test_one_namespace_is_enough(plane: ControlPlane, tmp_path: Path) -> None:
    plane.ask("POST", "/api/v1/namespaces", {"metadata": {"name": "team-a"}})
    (tmp_path / "checkout").symlink_to(ROOT)
    mine = {"namespace": "team-a", "resources": ["checkout/config/overlays/namespaced"]}
    (tmp_path / "kustomization.yaml").write_text(json.dumps(mine))
    kubectl(plane, "apply", "-k", str(tmp_path))
    there = plane.service_account("team-a", "tekton-chains-controller")
    runs = "/apis/tekton.dev/v1/namespaces/{}/taskruns"
    assert plane.status(there, "GET", runs.format("team-a")) == 200
    assert plane.status(there, "GET", "/api/v1/namespaces/team-a/configmaps/chains-config") == 200
    assert plane.status(there, "GET", runs.format("default")) == 403
    assert plane.status(there, "GET", "/api/v1/namespaces/default/secrets/any") == 403


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    "entries",
    [
        {},
        {"artifacts.taskrun.storage": "", "artifacts.oci.storage": "oci, tekton"},
        {"artifacts.taskrun.format": "slsa/v2alpha4", "storage.oci.repository.insecure": "T"},
        {"transparency.enabled": "manual", "transparency.url": "https://rekor.example.com/"},
        {"runs.backfill": "none", "storage.oci.quiet-time": "30s", "builder.id": "anything 'goes'"},
    ],
)
def test_good_settings_are_admitted_in_silence(plane: ControlPlane, entries: Mapping[str, str]) -> None:
    applied = _apply_settings(plane, entries)
    assert (applied.returncode, applied.stderr) == (0, "")


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("artifacts.taskrun.format", "slsa/v9"),
        ("artifacts.taskrun.format", "x\nslsa/v1"),
        ("artifacts.oci.storage", "oci,"),
        ("storage.oci.repository.insecure", "yes"),
        ("transparency.enabled", "True"),
        ("transparency.url", "rekor.example.com"),
        ("runs.backfill", "some"),
    ],
)
def test_bad_settings_are_refused_with_the_key_and_what_it_takes(plane: ControlPlane, key: str, value: str) -> None:
    refused = _apply_settings(plane, {key: value})
    assert refused.returncode != 0
    assert f"{key} takes " in refused.stderr


@pytest.mark.usefixtures("installed")
def test_a_key_that_does_not_exist_is_warned_of(plane: ControlPlane) -> None:
    warned = _apply_settings(plane, {"artifacts.taskrun.formt": "slsa/v1", "_example": "text"})
    assert warned.returncode == 0
    assert "no setting is called artifacts.taskrun.formt: it has no effect" in warned.stderr
    assert "_example" not in warned.stderr


@pytest.mark.usefixtures("installed")
def test_a_config_map_of_that_name_elsewhere_is_nobodys_business(plane: ControlPlane) -> None:
    elsewhere = {"metadata": {"name": "chains-config"}, "data": {"artifacts.taskrun.format": "slsa/v9"}}
    plane.ask("POST", "/api/v1/namespaces/default/configmaps?dryRun=All", elsewhere)


def _apply_settings(plane: ControlPlane, entries: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    found = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "chains-config", "namespace": SYSTEM}}
    return try_kubectl(
        plane, "replace", "--dry-run=server", "-f", "-", feed=json.dumps({**found, "data": dict(entries)})
    )
