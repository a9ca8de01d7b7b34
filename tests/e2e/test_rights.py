"""What the service may not do is refused by a real API server, and what it needs is not."""

import json
import os
import re
from pathlib import Path

import pytest
import yaml

from tests.e2e.cluster import ACCOUNT, ELECTION, SYSTEM, kubectl
from tests.e2e.control_plane import ROOT, ControlPlane

pytestmark = pytest.mark.e2e
PULL_SECRETS = "tekton-chains-pull-secrets"
RUN = "/apis/tekton.dev/v1/namespaces/default/taskruns"
HERE, HOME = "/api/v1/namespaces/default", f"/api/v1/namespaces/{SYSTEM}"
LEASES = f"/apis/coordination.k8s.io/v1/namespaces/{SYSTEM}/leases"
CHANGE = {"metadata": {"annotations": {"a": "b"}}}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/secrets"),
        ("GET", f"{HERE}/secrets"),
        ("GET", f"{HERE}/secrets?watch=true"),
        ("GET", f"{HOME}/secrets"),
        ("POST", f"{HOME}/secrets"),
        ("PATCH", f"{HOME}/secrets/signing-secrets"),
        ("DELETE", f"{HOME}/secrets/signing-secrets"),
        ("GET", f"{HERE}/configmaps"),
        ("GET", f"{HOME}/configmaps"),
        ("GET", f"{HOME}/configmaps?watch=true"),
        ("GET", f"{HOME}/configmaps?fieldSelector=metadata.name%3Danother"),
        ("GET", f"{HOME}/configmaps/another"),
        ("PATCH", f"{HOME}/configmaps/chains-config"),
        ("POST", RUN),
        ("PUT", f"{RUN}/any"),
        ("DELETE", f"{RUN}/any"),
        ("DELETE", RUN),
        ("PATCH", f"{RUN}/any/status"),
        ("GET", f"{HERE}/events"),
        ("GET", f"{HERE}/pods"),
        ("GET", f"{HERE}/serviceaccounts"),
        ("POST", f"{HERE}/serviceaccounts/default/token"),
        ("GET", "/api/v1/namespaces"),
        ("GET", "/api/v1/nodes"),
        ("GET", LEASES),
        ("GET", f"{LEASES}/any"),
        ("PUT", f"{LEASES}/any"),
        ("PUT", f"{LEASES}/{ACCOUNT}.00-of-11"),
        ("DELETE", f"{LEASES}/any"),
        ("DELETE", f"{LEASES}/{ACCOUNT}.00-of-01"),
        ("GET", "/apis/coordination.k8s.io/v1/namespaces/default/leases/any"),
        ("POST", f"/apis/rbac.authorization.k8s.io/v1/namespaces/{SYSTEM}/rolebindings"),
        ("DELETE", f"/apis/apps/v1/namespaces/{SYSTEM}/deployments/{ACCOUNT}"),
    ],
)
def test_it_is_refused(plane: ControlPlane, installed: Path, method: str, path: str) -> None:
    body = {} if method in ("POST", "PUT") else CHANGE if method == "PATCH" else None
    assert plane.status(installed, method, path, body) == 403


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/apis/tekton.dev/v1/taskruns", 200),
        ("GET", "/apis/tekton.dev/v1/pipelineruns", 200),
        ("PATCH", f"{RUN}/none", 404),
        ("PATCH", "/apis/tekton.dev/v1/namespaces/default/pipelineruns/none", 404),
        ("GET", f"{HOME}/secrets/signing-secrets", 200),
        ("GET", f"{HOME}/configmaps/chains-config", 200),
        ("GET", f"{HOME}/configmaps?fieldSelector=metadata.name%3Dchains-config", 200),
        ("GET", f"{HOME}/configmaps?fieldSelector=metadata.name%3Dchains-config&watch=true&timeoutSeconds=1", 200),
        ("GET", f"{HOME}/configmaps?fieldSelector=metadata.name%3D{ELECTION}&watch=true&timeoutSeconds=1", 200),
        ("GET", f"{HOME}/configmaps?fieldSelector=metadata.name%3Dconfig-logging", 200),
        ("GET", f"{HERE}/secrets/none", 404),
        ("PATCH", f"{HERE}/events/none", 404),
        ("GET", f"{LEASES}/{ACCOUNT}.00-of-09", 404),
        ("GET", f"{LEASES}/{ACCOUNT}.09-of-10", 404),
        ("GET", f"{HERE}/serviceaccounts/none", 404),
    ],
)
def test_it_is_not_refused(plane: ControlPlane, installed: Path, method: str, path: str, status: int) -> None:
    assert plane.status(installed, method, path, CHANGE if method == "PATCH" else None) == status


def test_the_narrower_installation_lacks_the_one_binding(plane: ControlPlane, tmp_path: Path) -> None:
    (patches,) = [patches for patches in _patches() if "$patch: delete" in patches]
    overlay = {"resources": [os.path.relpath(ROOT / "config", tmp_path)], **yaml.safe_load(patches)}
    (tmp_path / "kustomization.yaml").write_text(json.dumps(overlay))
    whole, less = (_rendered(plane, folder) for folder in (ROOT / "config", tmp_path))
    assert whole - less == {("ClusterRoleBinding", PULL_SECRETS)}
    kubectl(plane, "apply", "-k", str(tmp_path), "--dry-run=server")


def test_the_installation_with_several_replicas_is_what_the_page_says(plane: ControlPlane, tmp_path: Path) -> None:
    (shown,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "scaling.md").read_text(), re.DOTALL)
    overlay = {"resources": [os.path.relpath(ROOT / "config", tmp_path)], **yaml.safe_load(shown)}
    (tmp_path / "kustomization.yaml").write_text(json.dumps(overlay))
    made = list(yaml.safe_load_all(kubectl(plane, "kustomize", str(tmp_path))))
    (deployment,) = [each for each in made if each["kind"] == "Deployment"]
    assert deployment["spec"]["replicas"] == 3
    assert {"buckets": "3"} in [each.get("data") for each in made if each["kind"] == "ConfigMap"]
    kubectl(plane, "apply", "-k", str(tmp_path), "--dry-run=server")


def test_another_port_can_be_allowed_out(plane: ControlPlane, tmp_path: Path) -> None:
    (patches,) = [patches for patches in _patches() if "NetworkPolicy" in patches]
    overlay = {"resources": [os.path.relpath(ROOT / "config", tmp_path)], **yaml.safe_load(patches)}
    (tmp_path / "kustomization.yaml").write_text(json.dumps(overlay))
    made = yaml.safe_load_all(kubectl(plane, "kustomize", str(tmp_path)))
    (policy,) = [each for each in made if each["kind"] == "NetworkPolicy" and "controller" in each["metadata"]["name"]]
    assert {"port": 3128, "protocol": "TCP"} in policy["spec"]["egress"][1]["ports"]
    kubectl(plane, "apply", "-k", str(tmp_path), "--dry-run=server")


def _patches() -> list[str]:
    """Return what the page on installing shows of patches in a kustomization."""
    page = (ROOT / "config" / "README.md").read_text()
    return re.findall(r"```yaml\n(patches:\n.*?)```", page, re.DOTALL)


def _rendered(plane: ControlPlane, folder: Path) -> set[tuple[str, str]]:
    """Return kind and name of everything that a kustomization makes."""
    made = yaml.safe_load_all(kubectl(plane, "kustomize", str(folder)))
    return {(each["kind"], each["metadata"]["name"]) for each in made}
