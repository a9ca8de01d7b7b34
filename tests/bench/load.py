"""The load: finished TaskRuns of about 8 KB that each built one image, made as fast as the API takes them."""

import asyncio
import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

import aiohttp
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.bench.plan_time import taskrun
from tests.bench.stages import NAMESPACE, SETTINGS, SYSTEM

RUNS = f"/apis/tekton.dev/v1/namespaces/{NAMESPACE}/taskruns"
AT_ONCE = 32
_SHAPE = json.loads(taskrun())


def digest_of(name: str) -> str:
    """The digest of the image that a run of this name says it built; a signer does not ask whether it is there."""
    return f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"


def finished(name: str, image: str, *, signed: bool = False) -> bytes:
    """The JSON of a finished run."""
    params = [{"name": "BUILD", "value": name}, *_SHAPE["spec"].get("params", [])]
    results = [{"name": "IMAGE_URL", "value": image}, {"name": "IMAGE_DIGEST", "value": digest_of(name)}]
    annotations = {"chains.tekton.dev/signed": "true"} if signed else {}
    metadata = {
        "name": name,
        "namespace": NAMESPACE,
        "labels": _SHAPE["metadata"]["labels"],
        "annotations": annotations,
    }
    parts = {"spec": {**_SHAPE["spec"], "params": params}, "status": {**_SHAPE["status"], "results": results}}
    return json.dumps({**_SHAPE, "metadata": metadata, **parts}).encode()


async def furnish(api: aiohttp.ClientSession, settings: Mapping[str, str] = SETTINGS) -> None:
    """Make the namespaces, the settings and a signing key."""
    for namespace in (SYSTEM, NAMESPACE):
        await _make(api, "/api/v1/namespaces", {"metadata": {"name": namespace}})
        account = {"metadata": {"name": "default"}}
        await _make(api, f"/api/v1/namespaces/{namespace}/serviceaccounts", account)
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    secret = {"metadata": {"name": "signing-secrets"}, "data": {"x509.pem": base64.b64encode(pem).decode()}}
    config = {"metadata": {"name": "chains-config"}, "data": dict(settings)}
    await _make(api, f"/api/v1/namespaces/{SYSTEM}/secrets", secret)
    await _make(api, f"/api/v1/namespaces/{SYSTEM}/configmaps", config)


async def apply(api: aiohttp.ClientSession, names: Iterable[str], registry: str, *, signed: bool = False) -> None:
    """Make a run of each name, each built into one of twenty repositories."""
    waiting = iter(enumerate(names))

    async def one_after_the_other() -> None:
        for number, name in waiting:
            image = f"{registry}/team{number % 20}/app"
            await _make(api, RUNS, finished(name, image, signed=signed))

    await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))


async def _make(api: aiohttp.ClientSession, path: str, found: dict[str, Any] | bytes) -> None:
    body = found if isinstance(found, bytes) else json.dumps(found).encode()
    async with api.post(path, data=body, headers={"Content-Type": "application/json"}) as response:
        if response.status not in (200, 201, 409):
            raise RuntimeError(f"{path}: {response.status} {await response.text()}")
