"""A real control plane on loopback: etcd and kube-apiserver, with RBAC on and Tekton's kinds of runs defined."""

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.e2e.definitions import run_definition

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 90.0
STOP_SECONDS = 90.0
NEVER = datetime.min.replace(tzinfo=UTC)
ADMIN = "token-of-the-administrator"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
AUDIENCE = "https://kubernetes.default.svc"


@dataclass
class ControlPlane:
    """One etcd and one kube-apiserver; stopping and starting the latter keeps its address and what it holds.

    `patience` is how many seconds a request may take, and how many a server that is asked to end waits for who watches.
    One that is `audited` writes down who changed which run.
    """

    folder: Path
    port: int
    etcd_port: int
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    patience: int = 60
    ready_at: datetime = NEVER
    audited: bool = False

    @property
    def audit_log(self) -> Path:
        """Who wrote what: one line of JSON a request."""
        return self.folder / "audit.log"

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def ca_file(self) -> Path:
        return self.folder / "certs" / "apiserver.crt"

    @property
    def admin(self) -> Path:
        """The kubeconfig of the administrator."""
        return self.kubeconfig("admin", ADMIN)

    def kubeconfig(self, user: str, token: str) -> Path:
        """Write the kubeconfig of whoever bears a token."""
        named = {"cluster": {"server": self.url, "certificate-authority": str(self.ca_file)}, "name": "here"}
        path = self.folder / f"kubeconfig-{user}"
        found = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "here",
            "clusters": [named],
            "users": [{"name": user, "user": {"token": token}}],
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": user}}],
        }
        path.write_text(json.dumps(found))
        return path

    def service_account(self, namespace: str, name: str) -> Path:
        """Ask for a token of a service account, as a pod gets it, and write a kubeconfig that carries it."""
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
        asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}}
        return self.kubeconfig(f"{namespace}-{name}", self.ask("POST", path, asked)["status"]["token"])

    def ask(
        self, method: str, path: str, body: object = None, kind: str = "application/json", token: str = ADMIN
    ) -> dict[str, Any]:
        """Send one request, as the administrator unless another token is given; a refusal raises."""
        content = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": kind}
        request = urllib.request.Request(self.url + path, content, headers, method=method)
        with urllib.request.urlopen(request, timeout=30, context=self._trust()) as response:
            found: dict[str, Any] = json.loads(response.read())
        return found

    def status(self, kubeconfig: Path, method: str, path: str, body: object = None) -> int:
        """Send one request with the token of a kubeconfig and return the status that it is answered with."""
        token = json.loads(kubeconfig.read_text())["users"][0]["user"]["token"]
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        try:
            self.ask(method, path, body, kind, token)
        except urllib.error.HTTPError as error:
            return error.code
        return 200

    def _trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.ca_file)
        # The server signs its own certificate without the key identifiers that later Pythons ask for.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        return context

    def start_etcd(self) -> None:
        """Start etcd; nothing is flushed to the disk."""
        client, peer = f"http://127.0.0.1:{self.etcd_port}", f"http://127.0.0.1:{free_port()}"
        options = {
            "data-dir": self.folder / "etcd",
            "listen-client-urls": client,
            "advertise-client-urls": client,
            "listen-peer-urls": peer,
            "initial-advertise-peer-urls": peer,
            "initial-cluster": f"default={peer}",
            "quota-backend-bytes": 8 << 30,
        }
        self._spawn("etcd", "--unsafe-no-fsync", *(f"--{name}={value}" for name, value in options.items()))

    def start_api(self) -> None:
        """Start kube-apiserver and wait until it is ready."""
        keys = self.folder / "accounts.key"
        options = {
            "etcd-servers": f"http://127.0.0.1:{self.etcd_port}",
            "secure-port": self.port,
            "bind-address": "127.0.0.1",
            "cert-dir": self.folder / "certs",
            "service-account-issuer": AUDIENCE,
            "service-account-key-file": keys,
            "service-account-signing-key-file": keys,
            "service-cluster-ip-range": "10.99.0.0/24",
            "token-auth-file": self.folder / "tokens.csv",
            "authorization-mode": "RBAC",
            "request-timeout": f"{self.patience}s",
            "max-requests-inflight": 4000,
            "max-mutating-requests-inflight": 2000,
        }
        if self.audited:
            options |= {"audit-policy-file": self._audit_policy(), "audit-log-path": self.audit_log}
        self._spawn("kube-apiserver", *(f"--{name}={value}" for name, value in options.items()))
        self._wait_until_ready()

    def stop_api(self, how: signal.Signals = signal.SIGKILL) -> None:
        """End kube-apiserver, at once as the death of its node would, or with SIGTERM as an upgrade does."""
        process = self.processes.pop("kube-apiserver")
        process.send_signal(how)
        process.wait(STOP_SECONDS)

    def forget(self) -> None:
        """Compact etcd and restart kube-apiserver, which remembers the past itself: every older version has expired."""
        compact(f"http://127.0.0.1:{self.etcd_port}")
        self.stop_api()
        self.start_api()

    def close(self) -> None:
        """End both."""
        for process in reversed(self.processes.values()):
            process.kill()
            process.wait(30)
        self.processes.clear()

    def _audit_policy(self) -> Path:
        """Tell of the writes of runs alone."""
        rules = [
            {"level": "None", "verbs": ["get", "list", "watch"]},
            {"level": "Metadata", "resources": [{"group": "tekton.dev"}]},
            {"level": "None"},
        ]
        policy = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"], "rules": rules}
        (self.folder / "audit-policy.json").write_text(json.dumps(policy))
        return self.folder / "audit-policy.json"

    def _spawn(self, name: str, *options: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                (program(name), *options), cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def _wait_until_ready(self) -> None:
        until, said = time.monotonic() + READY_SECONDS, "nothing"
        while time.monotonic() < until:
            if self.processes["kube-apiserver"].poll() is not None:
                break
            try:
                with urllib.request.urlopen(self.url + "/readyz", timeout=5, context=self._trust()):
                    self.ready_at = datetime.now(UTC)
                    return
            except (urllib.error.URLError, OSError) as error:
                said = str(error)
            time.sleep(0.2)
        log = (self.folder / "kube-apiserver.log").read_text(errors="replace")[-2000:]
        raise AssertionError(f"kube-apiserver is not ready after {READY_SECONDS:.0f} s: {said}\n{log}")


@contextmanager
def control_plane(
    folder: Path, *, status_apart: bool = True, patience: int = 60, audited: bool = False
) -> Iterator[ControlPlane]:
    """Start a control plane that knows TaskRuns and PipelineRuns, for as long as the context lasts.

    A status is written apart, as Tekton has it; a benchmark creates a run and its status at once.
    """
    here = ControlPlane(folder, free_port(), free_port(), patience=patience, audited=audited)
    (folder / "tokens.csv").write_text(f'{ADMIN},admin,admin,"system:masters"\n')
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    (folder / "accounts.key").write_bytes(pem)
    try:
        here.start_etcd()
        here.start_api()
        for kind, plural, short in (("TaskRun", "taskruns", "tr"), ("PipelineRun", "pipelineruns", "pr")):
            here.ask("POST", DEFINITIONS, run_definition(kind, plural, short, status_apart=status_apart))
            _wait_for(here, plural)
        yield here
    finally:
        here.close()


def compact(etcd: str) -> None:
    """Let etcd forget all that is past."""

    def call(what: str, asked: dict[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(f"{etcd}/v3/kv/{what}", json.dumps(asked).encode())
        with urllib.request.urlopen(request, timeout=30) as response:
            found: dict[str, Any] = json.loads(response.read())
        return found

    now = call("range", {"key": "AA=="})["header"]["revision"]
    call("compaction", {"revision": now, "physical": True})


def _wait_for(here: ControlPlane, plural: str) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            here.ask("GET", f"/apis/tekton.dev/v1/{plural}")
        except urllib.error.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"{plural} are not served 30 s after they were defined")


def program(name: str) -> Path:
    """Return etcd, kube-apiserver or another program of that name; fail the test when it is nowhere."""
    folders = [os.environ.get("KUBEBUILDER_ASSETS", ""), str(ROOT / ".peers" / "bin"), os.environ.get("PATH", "")]
    found = shutil.which(name, path=os.pathsep.join(filter(None, folders)))
    if found is None:
        pytest.fail(
            f"{name} is neither in $KUBEBUILDER_ASSETS nor in .peers/bin nor on the PATH: `make e2e` installs it"
        )
    return Path(found)


def free_port() -> int:
    """Return a port of the loopback address that is free now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port
