"""What `config/` ships is accepted by a real API server, once and again, its pod too."""

import json

import pytest
import yaml

from tests.e2e.cluster import SYSTEM, kubectl, try_kubectl
from tests.e2e.control_plane import ROOT, ControlPlane

pytestmark = pytest.mark.e2e


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
