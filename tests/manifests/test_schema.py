"""Kubernetes' own client reads every object whole: a field that it does not know would be lost on the way."""

import json

import pytest
from kubernetes.client import ApiClient

from tests.manifests.builders import manifests

MODELS = {
    "Namespace": "V1Namespace",
    "ServiceAccount": "V1ServiceAccount",
    "Role": "V1Role",
    "ClusterRole": "V1ClusterRole",
    "RoleBinding": "V1RoleBinding",
    "ClusterRoleBinding": "V1ClusterRoleBinding",
    "ConfigMap": "V1ConfigMap",
    "Secret": "V1Secret",
    "Deployment": "V1Deployment",
    "NetworkPolicy": "V1NetworkPolicy",
    "ValidatingAdmissionPolicy": "V1ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding": "V1ValidatingAdmissionPolicyBinding",
}


@pytest.mark.parametrize("found", manifests(), ids=lambda found: f"{found['kind']}-{found['metadata']['name']}")
def test_no_field_is_unknown_to_kubernetes(found) -> None:
    client = ApiClient()
    read = client.deserialize(json.dumps(found), MODELS[found["kind"]], "application/json")
    assert client.sanitize_for_serialization(read) == found
