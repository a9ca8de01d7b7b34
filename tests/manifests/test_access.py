"""What the controller may do: every verb is written down here, and none is there beyond it."""

from tests.manifests.builders import manifests

RULES = {
    "tekton-chains-controller-cluster-access": {
        ("tekton.dev", "taskruns"): {"get", "list", "watch", "patch"},
        ("tekton.dev", "pipelineruns"): {"get", "list", "watch", "patch"},
        ("", "events"): {"create", "patch"},
    },
    "tekton-chains-pull-secrets": {("", "serviceaccounts"): {"get"}, ("", "secrets"): {"get"}},
    "tekton-chains-controller": {
        ("", "configmaps"): {"get", "list", "watch"},
        ("", "secrets", "signing-secrets"): {"get"},
        ("coordination.k8s.io", "leases"): {"get", "create", "update"},
    },
    "tekton-chains-info": {("", "configmaps", "chains-info"): {"get"}},
}
OURS = [{"kind": "ServiceAccount", "name": "tekton-chains-controller", "namespace": "tekton-chains"}]
EVERYBODY = [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "system:authenticated"}]


def granted(role) -> dict[tuple[str, ...], set[str]]:
    """A role's verbs by (group, resource), and name where the rule is limited to one."""
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
