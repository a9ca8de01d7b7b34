"""The cluster's admission policies for `chains-config`, written from the table of keys."""

from collections.abc import Iterable, Mapping

import yaml

from chains.config.keys import KEYS, Key

NAME = "chains-config"
NAMESPACE = "tekton-chains"
_API = "admissionregistration.k8s.io/v1"
_DATA = "object.?data.orValue({})"
_HEAD = """# What may be written into the ConfigMap chains-config, so that `kubectl apply` tells of a mistake:
# a value that the controller would refuse is refused, and a key that has no effect is warned of.
# Needs Kubernetes 1.30.
#
# Generated from the table of keys by `make docs`; edit chains/config/keys.py instead.
"""


def write_policy() -> str:
    """Return the policies and their bindings, as YAML documents."""
    known = ", ".join(f"'{key.name}'" for key in KEYS)
    names = {
        "expression": "size(variables.unknown) == 0",
        "messageExpression": "'no setting is called ' + variables.unknown.join(', ') + ': it has no effect'",
    }
    unknown = f"{_DATA}.filter(key, !key.startsWith('_') && !(key in [{known}]))"
    documents = (
        _policy(NAME, {"data": _DATA}, (_validation(key) for key in KEYS if key.check.pattern)),
        _binding(NAME, "Deny"),
        _policy(f"{NAME}-names", {"unknown": unknown}, [names]),
        _binding(f"{NAME}-names", "Warn", "Audit"),
    )
    return _HEAD + yaml.safe_dump_all(documents, sort_keys=False, width=100_000)


def _validation(key: Key) -> Mapping[str, object]:
    told = f"variables.data['{key.name}']"
    return {
        "expression": f"!('{key.name}' in variables.data) || {told}.matches(r'^(?:{key.check.pattern})$')",
        "message": f"{key.name} takes {key.check.accepts}",
    }


def _policy(
    name: str, variables: Mapping[str, str], validations: Iterable[Mapping[str, object]]
) -> Mapping[str, object]:
    rule = {
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "operations": ["CREATE", "UPDATE"],
        "resources": ["configmaps"],
        "resourceNames": [NAME],
        # The default; without it every `kubectl apply` sees a difference.
        "scope": "*",
    }
    spec = {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": [rule]},
        "variables": [{"name": each, "expression": expression} for each, expression in variables.items()],
        "validations": [*validations],
    }
    return {"apiVersion": _API, "kind": "ValidatingAdmissionPolicy", "metadata": _metadata(name), "spec": spec}


def _binding(name: str, *actions: str) -> Mapping[str, object]:
    here = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": NAMESPACE}}}
    spec = {"policyName": name, "validationActions": [*actions], "matchResources": here}
    return {"apiVersion": _API, "kind": "ValidatingAdmissionPolicyBinding", "metadata": _metadata(name), "spec": spec}


def _metadata(name: str) -> Mapping[str, object]:
    return {"name": name, "labels": {"app.kubernetes.io/component": "chains"}}
