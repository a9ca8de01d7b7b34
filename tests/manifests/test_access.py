"""What the controller may do: every verb is written down here, and none is there beyond it."""

import ast

from chains.cli.log_level import USUAL_NAME
from chains.config.leader_election import MOST_BUCKETS
from chains.kube.cluster import CONFIG_MAP
from chains.kube.lease import LEASE_PREFIX, lease_names
from chains.runs.hold import OURS as FINALIZERS_OF_OURS
from chains.runs.marks import PREFIX
from tests.manifests.builders import container, manifest, manifests

READ = (CONFIG_MAP, "tekton-chains-config-leader-election", USUAL_NAME)
LEASES = tuple(name for buckets in range(1, MOST_BUCKETS + 1) for name in lease_names(LEASE_PREFIX, buckets))
RULES = {
    "tekton-chains-controller-cluster-access": {
        ("tekton.dev", "taskruns"): {"get", "list", "watch", "patch"},
        ("tekton.dev", "pipelineruns"): {"get", "list", "watch", "patch"},
        ("", "events"): {"create", "patch"},
    },
    "tekton-chains-pull-secrets": {("", "serviceaccounts"): {"get"}, ("", "secrets"): {"get"}},
    "tekton-chains-controller": {
        ("", "configmaps", *READ): {"get", "list", "watch"},
        ("", "secrets", "signing-secrets"): {"get"},
        ("coordination.k8s.io", "leases"): {"create"},
        ("coordination.k8s.io", "leases", *LEASES): {"get", "update"},
    },
    "tekton-chains-info": {("", "configmaps", "chains-info"): {"get"}},
}
OURS = [{"kind": "ServiceAccount", "name": "tekton-chains-controller", "namespace": "tekton-chains"}]
EVERYBODY = [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "system:authenticated"}]


def granted(role) -> dict[tuple[str, ...], set[str]]:
    """A role's verbs by (group, resource), and names where the rule is limited to them."""
    verbs: dict[tuple[str, ...], set[str]] = {}
    for rule in role["rules"]:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                verbs.setdefault((group, resource, *rule.get("resourceNames", ())), set()).update(rule["verbs"])
    return verbs


def test_no_role_grants_a_verb_beyond_the_list() -> None:
    roles = [m for m in manifests() if m["kind"] in ("Role", "ClusterRole")]
    assert {role["metadata"]["name"]: granted(role) for role in roles} == RULES


def test_rules_say_nothing_but_groups_resources_names_and_verbs() -> None:
    for role in (m for m in manifests() if m["kind"] in ("Role", "ClusterRole")):
        assert "aggregationRule" not in role
        for rule in role["rules"]:
            assert rule.keys() <= {"apiGroups", "resources", "resourceNames", "verbs"}


def test_every_role_is_bound_once_by_a_binding_of_its_own_scope() -> None:
    roles = {(m["kind"], m["metadata"]["name"]) for m in manifests() if m["kind"] in ("Role", "ClusterRole")}
    bound = [m for m in manifests() if m["kind"] in ("RoleBinding", "ClusterRoleBinding")]
    assert sorted((m["roleRef"]["kind"], m["roleRef"]["name"]) for m in bound) == sorted(roles)
    for binding in bound:
        assert binding["kind"] == binding["roleRef"]["kind"] + "Binding"
        assert binding["roleRef"]["apiGroup"] == "rbac.authorization.k8s.io"


def test_only_the_version_is_for_everybody() -> None:
    for binding in (m for m in manifests() if m["kind"] in ("RoleBinding", "ClusterRoleBinding")):
        wanted = EVERYBODY if binding["roleRef"]["name"] == "tekton-chains-info" else OURS
        assert binding["subjects"] == wanted


def test_the_right_to_pull_secrets_can_be_dropped_alone() -> None:
    binding = next(m for m in manifests() if m["kind"] == "ClusterRoleBinding" and "pull" in m["metadata"]["name"])
    assert binding["roleRef"]["name"] == "tekton-chains-pull-secrets"
    others = [
        granted(m)
        for m in manifests()
        if m["kind"] == "ClusterRole" and m["metadata"]["name"] != binding["roleRef"]["name"]
    ]
    assert not any("secrets" in key for verbs in others for key in verbs)


def test_the_config_map_that_the_pod_is_told_of_may_be_read() -> None:
    told = {each["name"]: each.get("value") for each in container()["env"]}
    assert told["CONFIG_LEADERELECTION_NAME"] in READ
    assert "CONFIG_LOGGING_NAME" not in told


def test_what_may_be_changed_of_a_run_binds_the_account_of_the_pod_and_names_our_finalizers() -> None:
    policy = manifest("ValidatingAdmissionPolicy", "tekton-chains-run-marks")["spec"]
    (account,) = OURS
    (condition,) = policy["matchConditions"]
    assert f"'system:serviceaccount:{account['namespace']}:{account['name']}'" in condition["expression"]
    (ours,) = [each["expression"] for each in policy["variables"] if each["name"] == "ours"]
    assert frozenset(ast.literal_eval(ours)) == FINALIZERS_OF_OURS
    assert any(f"startsWith('{PREFIX}')" in each["expression"] for each in policy["validations"])
    assert manifest("ValidatingAdmissionPolicyBinding", "tekton-chains-run-marks")["spec"] == {
        "policyName": "tekton-chains-run-marks",
        "validationActions": ["Deny"],
    }
