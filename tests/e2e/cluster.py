"""What the tests do to the cluster: install the service, let runs happen as Tekton does, and look at them."""

import base64
import json
import subprocess
import time
import urllib.error
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chains.keys.generate import generate_key_pair
from chains.kube.pull_secrets import DOCKER_CONFIG_JSON
from tests.e2e.control_plane import ROOT, ControlPlane, program
from tests.faults.runs import finished

SYSTEM, ACCOUNT = "tekton-chains", "tekton-chains-controller"
ELECTION = "tekton-chains-config-leader-election"
SIGNED = "chains.tekton.dev/signed"
MERGE = "application/merge-patch+json"
PLURALS = {"TaskRun": "taskruns", "PipelineRun": "pipelineruns"}
SETTINGS = {
    "artifacts.taskrun.format": "slsa/v1",
    "artifacts.taskrun.storage": "oci",
    "artifacts.pipelinerun.format": "slsa/v2alpha4",
    "artifacts.pipelinerun.storage": "oci",
    "storage.oci.quiet-time": "2s",
}


def install(plane: ControlPlane) -> Path:
    """Apply `config/` with kubectl and return the kubeconfig of the service account that it ships."""
    kubectl(plane, "apply", "-k", str(ROOT / "config"))
    return plane.service_account(SYSTEM, ACCOUNT)


def kubectl(plane: ControlPlane, *arguments: str, feed: str = "") -> str:
    """Run kubectl as the administrator; it must succeed."""
    done = try_kubectl(plane, *arguments, feed=feed)
    assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stdout}{done.stderr}"
    return done.stdout


def try_kubectl(plane: ControlPlane, *arguments: str, feed: str = "") -> subprocess.CompletedProcess[str]:
    """Run kubectl as the administrator."""
    env = {"KUBECONFIG": str(plane.admin), "HOME": str(plane.folder)}
    command = (program("kubectl"), *arguments)
    return subprocess.run(command, env=env, input=feed, capture_output=True, text=True, timeout=120, check=False)


@dataclass
class E2eCluster:
    """The control plane, the controller's kubeconfig, and one namespace of runs."""

    plane: ControlPlane
    kubeconfig: Path
    namespace: str
    public_keys: list[bytes] = field(default_factory=list)

    @classmethod
    def open(cls, plane: ControlPlane, kubeconfig: Path) -> "E2eCluster":
        """Make a namespace, put the usual settings and a new key in force."""
        here = cls(plane, kubeconfig, f"builds-{uuid.uuid4().hex[:8]}")
        here.plane.ask("POST", "/api/v1/namespaces", {"metadata": {"name": here.namespace}})
        here.plane.ask(
            "POST", f"/api/v1/namespaces/{here.namespace}/serviceaccounts", {"metadata": {"name": "default"}}
        )
        here.write_settings(SETTINGS)
        here.write_key()
        return here

    def close(self) -> None:
        """Delete the runs of the namespace, whatever holds them."""
        for kind, plural in PLURALS.items():
            path = f"/apis/tekton.dev/v1/namespaces/{self.namespace}/{plural}"
            self.plane.ask("DELETE", path)
            for name in self.marks(kind):
                with suppress(urllib.error.HTTPError):
                    self.plane.ask("PATCH", f"{path}/{name}", {"metadata": {"finalizers": None}}, MERGE)

    def write_settings(self, entries: Mapping[str, str]) -> None:
        """Put exactly these entries into `chains-config`."""
        path = f"/api/v1/namespaces/{SYSTEM}/configmaps/chains-config"
        found = self.plane.ask("GET", path)
        self.plane.ask("PUT", path, {**found, "data": dict(entries)})

    def write_key(self) -> bytes:
        """Put a new encrypted key pair into the Secret and return the public key."""
        pair = generate_key_pair(b"a password")
        files = {"cosign.key": pair.private_pem, "cosign.pub": pair.public_pem, "cosign.password": b"a password"}
        encoded = {name: base64.b64encode(content).decode() for name, content in files.items()}
        path = f"/api/v1/namespaces/{SYSTEM}/secrets/signing-secrets"
        self.plane.ask("PATCH", path, {"data": encoded}, MERGE)
        self.public_keys.append(pair.public_pem)
        return pair.public_pem

    def give_push_secret(self, document: bytes) -> None:
        """Let the runs of this namespace push with a Docker configuration."""
        there = f"/api/v1/namespaces/{self.namespace}"
        encoded = base64.b64encode(document).decode()
        secret = {"metadata": {"name": "push"}, "type": DOCKER_CONFIG_JSON, "data": {".dockerconfigjson": encoded}}
        self.plane.ask("POST", f"{there}/secrets", secret)
        self.plane.ask("PATCH", f"{there}/serviceaccounts/default", {"secrets": [{"name": "push"}]}, MERGE)

    def begin(self, run: dict[str, Any], *, manager: str = "someone") -> dict[str, Any]:
        """Create a run as a user does and let it be in progress as Tekton does: the status goes apart."""
        metadata = {**run["metadata"], "namespace": self.namespace}
        path = f"/apis/tekton.dev/v1/namespaces/{self.namespace}/{PLURALS[run['kind']]}?fieldManager={manager}"
        made = self.plane.ask("POST", path, {**run, "metadata": metadata})
        return self._report({**made, "status": run["status"]})

    def end(self, run: dict[str, Any]) -> dict[str, Any]:
        """Let a run succeed."""
        return self._report(finished(run))

    def build(self, run: dict[str, Any], *, manager: str = "someone") -> dict[str, Any]:
        """Create a run that is done as soon as it has a status."""
        return self.end(self.begin(run, manager=manager))

    def get(self, run: dict[str, Any]) -> dict[str, Any] | None:
        """Return a run as it is now, None when it is gone."""
        try:
            return self.plane.ask("GET", self._path(run))
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise

    def delete(self, run: dict[str, Any]) -> None:
        """Delete a run."""
        self.plane.ask("DELETE", self._path(run))

    def finalizers(self, run: dict[str, Any]) -> list[str]:
        """Return what holds a run, nothing when it is gone."""
        found: list[str] = (self.get(run) or run)["metadata"].get("finalizers", [])
        return found

    def mark(self, run: dict[str, Any]) -> str | None:
        """Return the mark of a run, `gone` when there is none of that name."""
        found = self.get(run)
        return "gone" if found is None else (found["metadata"].get("annotations") or {}).get(SIGNED)

    def marks(self, kind: str = "TaskRun") -> dict[str, str | None]:
        """Return the marks of all runs of this namespace."""
        path = f"/apis/tekton.dev/v1/namespaces/{self.namespace}/{PLURALS[kind]}"
        items = self.plane.ask("GET", path)["items"]
        return {o["metadata"]["name"]: (o["metadata"].get("annotations") or {}).get(SIGNED) for o in items}

    def _report(self, run: dict[str, Any]) -> dict[str, Any]:
        return self.plane.ask("PATCH", f"{self._path(run)}/status", {"status": run["status"]}, MERGE) | {
            "status": run["status"]
        }

    def _path(self, run: dict[str, Any]) -> str:
        return f"/apis/tekton.dev/v1/namespaces/{self.namespace}/{PLURALS[run['kind']]}/{run['metadata']['name']}"


def until(state: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    """Wait for a state of the cluster."""
    end = time.monotonic() + seconds
    while not state():
        assert time.monotonic() < end, f"{what}: not within {seconds:.0f} s"
        time.sleep(0.1)


def lines(log: Path) -> list[dict[str, Any]]:
    """Read the controller's log."""
    return [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
