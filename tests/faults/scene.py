"""A world at risk: both servers behind fronts, real controller processes, and a record of what was applied."""

import asyncio
import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from chains.demo.faults import Faults
from chains.demo.kubernetes.server import KubernetesServer
from chains.demo.registry.server import RegistryServer
from tests.faults.checker import SIGNED, Checker
from tests.faults.controller_process import ROOT, ControllerProcess
from tests.faults.dump import AGENT, dump
from tests.faults.front import Front
from tests.faults.intruder import Intruder, tag_of
from tests.faults.invariants import Findings, Foreign, OurKey, RunExpected
from tests.faults.runs import NAMESPACE, taskrun

SYSTEM = "tekton-chains"
SECRET = "signing-secrets"
SETTINGS = {
    "artifacts.taskrun.format": "slsa/v1",
    "artifacts.taskrun.storage": "oci",
    "artifacts.pipelinerun.format": "slsa/v2alpha4",
    "artifacts.pipelinerun.storage": "oci",
    "storage.oci.quiet-time": "0s",
}
PATIENCE = 90.0


@dataclass
class Scene:
    """The two servers and their fronts; `expected` is by kind and name."""

    folder: Path
    kubernetes: KubernetesServer
    registry: RegistryServer
    api: Front
    door: Front
    keys: list[OurKey] = field(default_factory=list)
    expected: dict[tuple[str, str], RunExpected] = field(default_factory=dict)
    foreign: dict[str, tuple[str, ...]] = field(default_factory=dict)
    controllers: list[ControllerProcess] = field(default_factory=list)

    def image(self, repository: str, seed: str) -> str:
        """Push an image and return it as `host/repository@digest`, the host being the front."""
        pushed = self.registry.push_image(repository, seed=seed)
        return f"{self.door.address}/{repository}@{pushed.digest}"

    async def apply(self, found: dict[str, Any], images: tuple[str, ...] = (), **expected: Any) -> dict[str, Any]:
        """Apply a run and expect these images of it."""
        kind, metadata = found["kind"], found["metadata"]
        digests = tuple(image.rpartition("@")[2] for image in images)
        theirs = {"annotations": metadata.get("annotations", {}), "finalizers": tuple(metadata.get("finalizers", ()))}
        run = RunExpected(kind, metadata["name"], digests, **{**theirs, **expected})
        self.expected[kind, run.name] = run
        return await self.kubernetes.apply(found, field_manager="tekton")

    async def build(self, name: str, repository: str = "team/app", count: int = 1) -> tuple[str, ...]:
        """Apply a finished TaskRun that built so many images of its own."""
        images = tuple(self.image(repository, f"{name} {number}") for number in range(count))
        await self.apply(taskrun(name, images), images)
        return images

    async def builds(self, count: int, lead: str = "run") -> None:
        """Apply so many finished TaskRuns."""
        for number in range(count):
            await self.build(f"{lead}-{number}", f"team/app-{number % 3}")

    async def attests(self, image: str, lead: str, count: int) -> None:
        """Apply so many finished TaskRuns that built one and the same image."""
        for number in range(count):
            await self.apply(taskrun(f"{lead}-{number}", (image,)), (image,))

    async def held(self, name: str, kind: str = "TaskRun") -> None:
        """Wait until a run has a finalizer."""
        while not (self.run(kind, name) or {"metadata": {}})["metadata"].get("finalizers"):
            await asyncio.sleep(0.02)

    def run(self, kind: str, name: str) -> dict[str, Any] | None:
        """Return a run as the API has it, None when it is gone."""
        return self.kubernetes.get(kind, name, NAMESPACE)

    async def delete(self, plural: str, name: str) -> None:
        """Delete a run as kubectl does, and expect that it goes."""
        kind = "TaskRun" if plural == "taskruns" else "PipelineRun"
        if (kind, name) in self.expected:
            self.expect(kind, name, deleted=True)
        await self._delete(f"/apis/tekton.dev/v1/namespaces/{NAMESPACE}/{plural}/{name}")

    async def delete_secret(self) -> None:
        """Delete the signing secret."""
        await self._delete(f"/api/v1/namespaces/{SYSTEM}/secrets/{SECRET}")

    async def delete_config(self) -> None:
        """Delete the ConfigMap."""
        await self._delete(f"/api/v1/namespaces/{SYSTEM}/configmaps/chains-config")

    async def _delete(self, path: str) -> None:
        async with (
            aiohttp.ClientSession(headers={"User-Agent": AGENT}) as session,
            session.delete(f"{self.kubernetes.url}{path}") as response,
        ):
            assert response.status in (200, 202, 404), await response.text()

    async def signed_by_others(self, image: str, count: int = 1) -> list[str]:
        """Let somebody else sign and attest an image; return the digests of the configs of the two tags."""
        configs = []
        async with aiohttp.ClientSession(headers={"User-Agent": AGENT}) as session:
            intruder = Intruder(session, self.registry.url)
            for suffix in ("sig", "att"):
                repository, tag = tag_of(image, suffix)
                texts = [f"theirs {suffix} {number}" for number in range(count)]
                self.foreign[f"{repository}:{tag}"] = tuple([await intruder.append(repository, tag, t) for t in texts])
                manifest = await intruder.manifest(repository, tag)
                assert manifest is not None
                configs.append(str(manifest["config"]["digest"]))
        return configs

    async def write_config(self, entries: Mapping[str, str]) -> None:
        """Write the ConfigMap with exactly these entries."""
        metadata = {"name": "chains-config", "namespace": SYSTEM}
        found = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": dict(entries)}
        await self.kubernetes.apply(found)

    async def write_key(self) -> None:
        """Put a new key in force; what it signs counts as ours from now on."""
        key = ec.generate_private_key(ec.SECP256R1())
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.keys.append(OurKey(f"key {len(self.keys) + 1}", public))
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        await self.write_secret({"x509.pem": private})

    async def write_secret(self, files: Mapping[str, bytes]) -> None:
        """Write the signing secret with exactly these files."""
        await self.kubernetes.apply(secret(SECRET, SYSTEM, files))

    def controller(self, *options: str, level: str = "info", connections: Path | None = None) -> ControllerProcess:
        """Return a controller that is not started yet and ends with the scene."""
        log = self.folder / f"controller-{len(self.controllers)}.log"
        made = ControllerProcess(self.folder / "kubeconfig", log, *options, level=level, connections=connections)
        self.controllers.append(made)
        return made

    async def started(self) -> ControllerProcess:
        """Start a controller."""
        made = self.controller()
        await made.start()
        return made

    async def resign(self, *arguments: str) -> str:
        """Run `chains resign`, which must succeed; return what it said."""
        command = ("-m", "chains", "resign", *arguments, "--kubeconfig", str(self.folder / "kubeconfig"))
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command, env={"PYTHONPATH": str(ROOT), "PATH": os.defpath}, stdout=subprocess.PIPE
        )
        said, _ = await process.communicate()
        assert process.returncode == 0
        return said.decode()

    def expect(self, kind: str, name: str, **changes: Any) -> None:
        """Expect something else of a run from now on."""
        self.expected[kind, name] = replace(self.expected[kind, name], **changes)

    def mark(self, kind: str, name: str) -> str | None:
        """Return the mark of a run, `gone` when there is no such run."""
        stored = self.run(kind, name)
        return "gone" if stored is None else (stored["metadata"].get("annotations") or {}).get(SIGNED)

    def is_settled(self, run: RunExpected) -> bool:
        """Whether a run has its final mark, and has gone if it was deleted."""
        return self.mark(run.kind, run.name) in (("gone",) if run.deleted else ("true", "failed"))

    async def settled(self, seconds: float = PATIENCE) -> bool:
        """Wait until every run that was applied is settled; return whether that came about in time."""
        until = time.monotonic() + seconds
        while not all(map(self.is_settled, self.expected.values())):
            if time.monotonic() > until:
                return False
            await asyncio.sleep(0.03)
        return True

    async def check(self, *, midway: bool = False) -> Findings:
        """Read everything that is stored and hold it against what was applied."""
        found = await dump(self.kubernetes.url, self.registry.url)
        foreign = Foreign(self.foreign)
        checker = Checker(found, tuple(self.expected.values()), tuple(self.keys), foreign, midway=midway)
        return checker.findings()


@asynccontextmanager
async def scene(
    folder: Path, settings: Mapping[str, str] = SETTINGS, *, faults: Faults | None = None
) -> AsyncIterator[Scene]:
    """Start both servers and lay out namespaces, settings and a key; `faults` is in force in both servers."""
    async with AsyncExitStack() as stack:
        kubernetes = await stack.enter_async_context(KubernetesServer(faults=faults))
        registry = await stack.enter_async_context(RegistryServer())
        registry.faults = faults or registry.faults
        api = await stack.enter_async_context(Front(kubernetes.url.rpartition("/")[2]))
        door = await stack.enter_async_context(Front(registry.address))
        here = Scene(folder, kubernetes, registry, api, door)
        write_kubeconfig(folder, kubernetes.kubeconfig(), api)
        for namespace in (SYSTEM, NAMESPACE):
            await kubernetes.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
        await kubernetes.apply(service_account())
        await here.write_config(settings)
        await here.write_key()
        try:
            yield here
        finally:
            for controller in here.controllers:
                await controller.close()


def secret(name: str, namespace: str, files: Mapping[str, bytes], kind: str = "Opaque") -> dict[str, Any]:
    """A Secret with these files."""
    data = {file: base64.b64encode(content).decode() for file, content in files.items()}
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": kind, "data": data}


def service_account(*secrets: str) -> dict[str, Any]:
    """The service account of the runs, with these push secrets."""
    metadata = {"name": "default", "namespace": NAMESPACE}
    named = [{"name": name} for name in secrets]
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata, "secrets": named}


def write_kubeconfig(folder: Path, kubeconfig: str, front: Front) -> None:
    """Write the kubeconfig of a server so that it leads to its front."""
    found = yaml.safe_load(kubeconfig)
    found["clusters"][0]["cluster"]["server"] = f"http://{front.address}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kubeconfig").write_text(json.dumps(found))
