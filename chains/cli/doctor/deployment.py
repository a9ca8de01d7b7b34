"""Whether the service runs, as its Deployment tells `chains doctor`."""

import msgspec

from chains.cli.doctor.table import Finding, Verdict
from chains.errors import EdgeError
from chains.kube.client import KubeClient
from chains.kube.resources import DEPLOYMENTS

NAME = "tekton-chains-controller"


class _Spec(msgspec.Struct):
    replicas: int = 1


class _Status(msgspec.Struct, rename="camel"):
    ready_replicas: int = 0


class _Deployment(msgspec.Struct):
    spec: _Spec = msgspec.field(default_factory=_Spec)
    status: _Status = msgspec.field(default_factory=_Status)


async def check_controller(client: KubeClient, namespace: str) -> list[Finding]:
    """Look whether the service runs, where its Deployment is."""
    try:
        body = await client.get(DEPLOYMENTS.path(namespace, NAME))
    except EdgeError as error:
        return [Finding("controller", Verdict.UNKNOWN, str(error))]
    where = f"the Deployment {namespace}/{NAME}"
    if body is None:
        return [Finding("controller", Verdict.WARNING, f"there is no {where[4:]}", "if no other runs it, install it")]
    try:
        held = msgspec.json.decode(body, type=_Deployment)
    except msgspec.DecodeError as error:
        return [Finding("controller", Verdict.UNKNOWN, f"{where} cannot be read: {error}")]
    wanted, ready = held.spec.replicas, held.status.ready_replicas
    verdict = Verdict.GOOD if ready >= wanted > 0 else Verdict.WARNING if ready else Verdict.BAD
    helps = "" if verdict is Verdict.GOOD else f"kubectl describe pods -n {namespace}, and their log, say why"
    return [Finding("controller", verdict, f"{where} has {ready} of {wanted} pods ready", helps)]
