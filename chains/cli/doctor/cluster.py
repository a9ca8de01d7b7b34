"""What `chains doctor` asks of the cluster: rights, Tekton, configuration and runs."""

import asyncio
from collections.abc import Iterator, Mapping

import msgspec

from chains.artifacts.hints import read_hints
from chains.artifacts.reference import Repository
from chains.cli.doctor.table import Finding, Verdict
from chains.cli.log_level import USUAL_NAME
from chains.config.lint import Grade, lint
from chains.errors import ChainsError, EdgeError, InputError
from chains.kube.access_review import Right, is_allowed
from chains.kube.client import KubeClient
from chains.kube.config_map import read_config_map
from chains.kube.lease import LEASE_PREFIX, lease_names
from chains.kube.refusals import ForbiddenError
from chains.kube.resources import TASK_RUNS
from chains.payloads.payload import Origin
from chains.pipeline.host_causes import remedies, way_there
from chains.runs.run import parse_run

CONFIG_MAP = "chains-config"
ELECTION = "tekton-chains-config-leader-election"
MOST_RUNS = 200
_TEKTON = ("taskruns", "pipelineruns")


def rights(system_namespace: str) -> Iterator[Right]:
    """Yield every right that the roles in config/ grant the service, as one that has one bucket."""
    for resource in _TEKTON:
        for verb in ("get", "list", "watch", "patch"):
            yield Right("tekton.dev", resource, verb)
    for verb in ("create", "patch"):
        yield Right("", "events", verb)
    for resource in ("serviceaccounts", "secrets"):
        yield Right("", resource, "get")
    for name in (CONFIG_MAP, ELECTION, USUAL_NAME):
        for verb in ("get", "list", "watch"):
            yield Right("", "configmaps", verb, system_namespace, name)
    yield Right("coordination.k8s.io", "leases", "create", system_namespace)
    # Those of more buckets stand in the same rule.
    (lease,) = lease_names(LEASE_PREFIX, 1)
    for verb in ("get", "update"):
        yield Right("coordination.k8s.io", "leases", verb, system_namespace, lease)
    yield Right("", "secrets", "get", system_namespace, "signing-secrets")


async def check_api(client: KubeClient) -> list[Finding]:
    """Return what keeps the Kubernetes API from being asked, nothing where it answers."""
    try:
        await client.get("/version")
    except EdgeError as error:
        helps = way_there(str(error)) or ("" if isinstance(error, ForbiddenError) else "look at the API server's log")
        return [Finding("API", Verdict.BAD, str(error), helps)] if helps else []
    return []


async def check_rights(client: KubeClient, system_namespace: str, user: str) -> list[Finding]:
    """Ask for each right whether it is granted."""
    wanted = list(rights(system_namespace))
    try:
        granted = await asyncio.gather(*(is_allowed(client, right, user) for right in wanted))
    except EdgeError as error:
        known = [] if isinstance(error, ForbiddenError) and "HTTP 403" in str(error) else remedies(str(error))
        helps = next(iter(known), "ask as somebody who may create access reviews")
        return [Finding("rights", Verdict.UNKNOWN, str(error), helps)]
    lacking = [right for right, allowed in zip(wanted, granted, strict=True) if not allowed]
    who = user or "whoever runs this"
    if not lacking:
        return [Finding("rights", Verdict.GOOD, f"{who} has all {len(wanted)} rights")]
    return [
        Finding("rights", Verdict.BAD, f"{who} may not {right}", f"the rule {right.rule}, as config/ has it")
        for right in lacking
    ]


async def check_tekton(client: KubeClient) -> list[Finding]:
    """Look for Tekton's kinds in the version that is spoken here, and for its own version."""
    try:
        body = await client.get("/apis/tekton.dev/v1")
    except EdgeError as error:
        return [Finding("Tekton", Verdict.UNKNOWN, str(error))]
    served = () if body is None else _served(body)
    missing = [resource for resource in _TEKTON if resource not in served]
    if missing:
        why = f"the API serves no {' and no '.join(missing)} of tekton.dev/v1"
        return [Finding("Tekton", Verdict.BAD, why, "install Tekton Pipelines 0.44 or newer")]
    return [Finding("Tekton", Verdict.GOOD, f"tekton.dev/v1 is served{await _tekton_version(client)}")]


async def read_settings(client: KubeClient, namespace: str) -> tuple[Mapping[str, str] | None, list[Finding]]:
    """Return the configuration's entries, None where they cannot be used, and what there is to say of them."""
    try:
        held = await read_config_map(client, namespace, CONFIG_MAP)
    except EdgeError as error:
        return None, [
            Finding(
                "configuration",
                Verdict.BAD,
                str(error),
                f"kubectl create configmap {CONFIG_MAP} -n {namespace} makes an empty one",
            )
        ]
    entries = {name: text.decode("utf-8", "replace") for name, text in held.items()}
    found = [each for each in lint(entries) if each.grade is not Grade.NOTE]
    bad = any(each.grade is Grade.ERROR for each in found)
    verdicts = {Grade.ERROR: Verdict.BAD, Grade.WARNING: Verdict.WARNING}
    findings = [Finding("configuration", verdicts[each.grade], each.sentence) for each in found]
    good = Finding("configuration", Verdict.GOOD, f"{len(entries)} settings in {namespace}/{CONFIG_MAP}")
    return (None if bad else entries), findings or [good]


async def pushed_lately(client: KubeClient, namespace: str | None) -> list[tuple[Origin, Repository]]:
    """Return who pushed what of late, once each: the TaskRuns of the first page that name images."""
    found: dict[tuple[str, str, Repository], Origin] = {}
    async for page in client.list_pages(TASK_RUNS, namespace, limit=MOST_RUNS):
        for item in page.items:
            try:
                run = parse_run(item)
            except InputError:
                continue
            origin = Origin(run.kind, run.namespace, run.name, run.uid, run.service_account)
            for image in read_hints(run.results).images:
                if image.reference is not None:
                    found[run.namespace, run.service_account, image.reference.repository] = origin
        break
    return [(origin, repository) for (_, _, repository), origin in found.items()]


class _Named(msgspec.Struct):
    name: str = ""


class _Resources(msgspec.Struct):
    resources: list[_Named] = []


def _served(body: bytes) -> tuple[str, ...]:
    try:
        return tuple(found.name for found in msgspec.json.decode(body, type=_Resources).resources)
    except msgspec.DecodeError:
        return ()


async def _tekton_version(client: KubeClient) -> str:
    try:
        held = await read_config_map(client, "tekton-pipelines", "pipelines-info")
    except ChainsError:
        return ", by which version of Tekton Pipelines is not told"
    return f", by Tekton Pipelines {held.get('version', b'of no version').decode(errors='replace')}"
