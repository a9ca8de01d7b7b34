"""What applying `config/` puts on a cluster: Tekton Chains' names, and no settings or key of its own."""

import pytest

from tests.manifests.builders import CONFIG, container, documents, kustomization, manifest, manifests, pod, project

FOLDERS = [CONFIG, CONFIG / "controller", CONFIG / "settings"]
CLUSTER_WIDE = (
    "Namespace",
    "ClusterRole",
    "ClusterRoleBinding",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
)
# An alert rule file is Prometheus' own.
OBJECTS = sorted(set(CONFIG.rglob("*.yaml")) - {CONFIG / "monitoring" / "rules.yaml"})
APART = {"release.yaml", "monitoring"}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_kustomization_lists_every_file_beside_it(folder) -> None:
    beside = {path.name for path in folder.glob("*.yaml")} - {"kustomization.yaml"}
    beside |= {path.parent.name for path in folder.glob("*/kustomization.yaml")}
    assert set(kustomization(folder)["resources"]) == beside - APART


@pytest.mark.parametrize("path", OBJECTS, ids=lambda path: path.name)
def test_every_document_is_a_kubernetes_object(path) -> None:
    found = documents(path)
    assert found
    for document in found:
        assert {"apiVersion", "kind"} <= document.keys()


def test_the_objects_are_called_as_tekton_chains_calls_them() -> None:
    named = {(m["kind"], m["metadata"]["name"]) for m in manifests()}
    assert named >= {
        ("Namespace", "tekton-chains"),
        ("ServiceAccount", "tekton-chains-controller"),
        ("Deployment", "tekton-chains-controller"),
        ("ConfigMap", "chains-config"),
        ("ConfigMap", "chains-info"),
        ("ConfigMap", "tekton-chains-config-leader-election"),
        ("Secret", "signing-secrets"),
        ("ClusterRole", "tekton-chains-controller-cluster-access"),
        ("ClusterRoleBinding", "tekton-chains-controller-cluster-access"),
        ("Role", "tekton-chains-info"),
        ("RoleBinding", "tekton-chains-info"),
    }


def test_everything_lives_in_one_namespace_and_says_what_it_is_part_of() -> None:
    for found in manifests():
        scope = found["metadata"].get("namespace")
        assert scope == (None if found["kind"] in CLUSTER_WIDE else "tekton-chains")
        assert found["metadata"]["labels"]["app.kubernetes.io/part-of"] == "tekton-chains"


def test_no_object_is_there_twice() -> None:
    named = [(m["kind"], m["metadata"]["name"]) for m in manifests()]
    assert len(named) == len(set(named))


def test_applying_again_leaves_settings_and_key_alone() -> None:
    for found in (manifest("ConfigMap", "chains-config"), manifest("Secret", "signing-secrets")):
        assert not {"data", "stringData", "binaryData", "immutable"} & found.keys()


def test_moving_over_from_tekton_chains_touches_neither_settings_nor_key() -> None:
    all_names = {(m["kind"], m["metadata"]["name"]) for m in manifests()}
    moved = {(m["kind"], m["metadata"]["name"]) for m in manifests(CONFIG / "controller")}
    assert all_names - moved == {("ConfigMap", "chains-config"), ("Secret", "signing-secrets")}


def test_one_version_is_named_everywhere() -> None:
    version = project()["version"]
    assert manifest("ConfigMap", "chains-info")["data"] == {"version": version}
    assert pod()["metadata"]["labels"]["app.kubernetes.io/version"] == version
    assert container()["image"] == f"localhost/chains-controller:{version}"


def test_the_release_is_what_the_kustomization_makes() -> None:
    def name(found):
        return found["kind"], found["metadata"]["name"]

    released = documents(CONFIG / "release.yaml")
    assert sorted(released, key=name) == sorted(manifests(), key=name), "run make release"
