"""What `config/` ships is accepted by a real API server, and gives the service no right that it does not need."""

import json

import pytest
import yaml

from tests.e2e.cluster import ACCOUNT, SYSTEM, kubectl, try_kubectl
from tests.e2e.control_plane import ROOT, ControlPlane

pytestmark = pytest.mark.e2e
WHO = f"system:serviceaccount:{SYSTEM}:{ACCOUNT}"


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


@pytest.mark.parametrize(
    ("verb", "what", "namespace", "allowed"),
    [
        ("get", "taskruns.tekton.dev", "anywhere", True),
        ("patch", "pipelineruns.tekton.dev", "anywhere", True),
        ("watch", "taskruns.tekton.dev", "anywhere", True),
        ("create", "events", "anywhere", True),
        ("get", "secrets", SYSTEM, True),
        ("delete", "taskruns.tekton.dev", "anywhere", False),
        ("create", "taskruns.tekton.dev", "anywhere", False),
        ("patch", "taskruns.tekton.dev/status", "anywhere", False),
        ("list", "secrets", "anywhere", False),
        ("list", "secrets", SYSTEM, False),
        ("update", "configmaps", SYSTEM, False),
        ("get", "pods", "anywhere", False),
        ("create", "serviceaccounts/token", "anywhere", False),
    ],
)
@pytest.mark.usefixtures("installed")
def test_it_may_do_what_it_needs_and_nothing_else(
    plane: ControlPlane, verb: str, what: str, namespace: str, allowed: bool
) -> None:
    resource, _, subresource = what.partition("/")
    part = ("--subresource", subresource) if subresource else ()
    answer = try_kubectl(plane, "auth", "can-i", verb, resource, *part, "-n", namespace, "--as", WHO)
    assert answer.stdout.strip() == ("yes" if allowed else "no"), answer
