"""The controller's pod: restricted, bounded, probed where it listens, started with a command that exists."""

from chains.cli.controller import command
from tests.manifests.builders import container, manifest, pod, said, stages

RESTRICTED_VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}


def test_the_namespace_enforces_the_restricted_standard() -> None:
    labels = manifest("Namespace", "tekton-chains")["metadata"]["labels"]
    for mode in ("enforce", "audit", "warn"):
        assert labels[f"pod-security.kubernetes.io/{mode}"] == "restricted"


def test_the_pod_meets_the_restricted_standard() -> None:
    spec = pod()["spec"]
    assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers", "ephemeralContainers"} & spec.keys()
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] == spec["securityContext"]["runAsGroup"] == 65532
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for volume in spec["volumes"]:
        assert volume.keys() - {"name"} <= RESTRICTED_VOLUMES


def test_the_container_has_no_privilege_and_a_read_only_root() -> None:
    assert container()["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert not any("hostPort" in port for port in container()["ports"])


def test_the_key_is_mounted_read_only_for_its_group_and_may_be_missing() -> None:
    volumes = {volume["name"]: volume for volume in pod()["spec"]["volumes"]}
    mounts = {mount["name"]: mount for mount in container()["volumeMounts"]}
    assert volumes["signing-secrets"]["secret"] == {
        "secretName": "signing-secrets",
        "optional": True,
        "defaultMode": 0o440,
    }
    assert pod()["spec"]["securityContext"]["fsGroup"] == 65532
    assert mounts["signing-secrets"] == {
        "name": "signing-secrets",
        "mountPath": "/etc/signing-secrets",
        "readOnly": True,
    }


def test_the_only_writable_place_is_a_bounded_tmp() -> None:
    volumes = {volume["name"]: volume for volume in pod()["spec"]["volumes"]}
    writable = [mount for mount in container()["volumeMounts"] if not mount.get("readOnly")]
    assert writable == [{"name": "tmp", "mountPath": "/tmp"}]
    assert "sizeLimit" in volumes["tmp"]["emptyDir"]


def test_the_probes_ask_where_the_image_listens() -> None:
    ports = {port["name"]: port["containerPort"] for port in container()["ports"]}
    probes = {name: container()[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")}
    paths = {name: probe["path"] for name, probe in probes.items()}
    assert paths == {"startup": "/healthz", "liveness": "/healthz", "readiness": "/readyz"}
    (listens,) = [option.default for option in command.params if option.name == "health_port"]
    assert {ports[probe["port"]] for probe in probes.values()} == {listens}
    assert said(stages()[-1], "EXPOSE") == [str(listens)]


def test_the_container_starts_a_command_that_exists() -> None:
    assert "command" not in container()
    assert container()["args"] == ["controller"]
    command.make_context("controller", container()["args"][1:])


def test_the_controller_learns_its_namespace_from_the_pod() -> None:
    environment = {entry["name"]: entry for entry in container()["env"]}
    assert environment["SYSTEM_NAMESPACE"]["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.namespace"}}


def test_memory_is_bounded_and_what_is_asked_for_is_less() -> None:
    resources = container()["resources"]
    assert resources["limits"] == {"memory": "256Mi"}
    assert resources["requests"] == {"cpu": "50m", "memory": "128Mi"}


def test_old_revisions_do_not_pile_up() -> None:
    assert manifest("Deployment", "tekton-chains-controller")["spec"]["revisionHistoryLimit"] == 3


def test_the_deployment_selects_its_own_pods_and_never_runs_two_versions() -> None:
    spec = manifest("Deployment", "tekton-chains-controller")["spec"]
    assert spec["selector"]["matchLabels"].items() <= pod()["metadata"]["labels"].items()
    assert spec["replicas"] == 1
    assert spec["strategy"] == {"type": "Recreate"}
    assert pod()["spec"]["serviceAccountName"] == "tekton-chains-controller"
