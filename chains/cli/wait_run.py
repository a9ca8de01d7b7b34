"""Waiting for a run's mark over one watch, and what is then to be verified beside its images."""

from contextlib import aclosing
from dataclasses import dataclass

from chains.cli.explain.cluster import read_settings
from chains.cli.run_name import RunName
from chains.config.config import Config
from chains.controller.turn import gather_children
from chains.errors import ChainsError, EdgeError, InputError
from chains.kube.client import KubeClient
from chains.kube.cluster import KubeCluster
from chains.kube.resources import RUNS
from chains.kube.watch import Disconnected, follow
from chains.kube.wire import Change, Found
from chains.pipeline.explanation import is_hopeless
from chains.pipeline.plan import plan_run
from chains.runs.marks import is_settled
from chains.runs.run import Run, parse_run


class HopelessError(ChainsError):
    """The run will not be signed as it is."""


@dataclass(frozen=True, slots=True)
class Awaited:
    """What is to be verified of one image, by name with its digest."""

    image: str
    signature: bool
    attestation: bool


async def await_run(kubeconfig: str | None, named: RunName) -> tuple[Awaited, ...]:
    """Wait until a run is marked, and return what it has put beside images.

    Raises HopelessError when it is given up or never signed, InputError when there is none or nothing to verify.
    """
    client = await KubeClient.connect(kubeconfig)
    try:
        cluster = KubeCluster(client, "")
        text = await cluster.read_named(named.kind, named.namespace, named.name)
        if text is None:
            raise named.missing()
        config, _ = await read_settings(client)
        run = await _settled(client, parse_run(text), config)
        children = await gather_children(run.key, run, cluster)
        return _beside_images(run, children, config)
    finally:
        await client.close()


async def _settled(client: KubeClient, run: Run, config: Config) -> Run:
    """Follow the run until it carries a final mark."""
    if _is_over(run, config):
        return run
    stream = follow(client, RUNS[run.kind], namespace=run.namespace, field_selector=f"metadata.name={run.name}")
    async with aclosing(stream) as followed:
        async for seen in followed:
            if isinstance(seen, Change) and seen.type == "DELETED":
                raise EdgeError(f"{run} was deleted before it was marked", transient=False)
            if isinstance(seen, Found | Change) and _is_over(latest := parse_run(seen.object), config):
                return latest
            if isinstance(seen, Disconnected) and "HTTP 403" in seen.reason:
                raise EdgeError(seen.reason, transient=False)
    raise EdgeError(f"{run} cannot be followed any more", transient=True)


def _is_over(run: Run, config: Config) -> bool:
    """Whether the mark is final; raise HopelessError when nothing is to come."""
    hopeless = is_hopeless(run, config)
    if hopeless:
        raise HopelessError(f"{run}: {hopeless}")
    return is_settled(run.annotations)


def _beside_images(run: Run, children: tuple[Run, ...], config: Config) -> tuple[Awaited, ...]:
    plans = [plan_run(run, config, children), *(plan_run(child, config) for child in children)]
    requests = [request for plan in plans for request in plan.requests if "oci" in request.stores]
    signed = {str(image) for request in requests if request.kind == "oci" for image in request.payload.images}
    attested = {str(image) for request in requests if request.kind != "oci" for image in request.payload.images}
    if not signed | attested:
        raise InputError(f"{run} has left nothing beside an image that could be verified: its storage names no oci")
    return tuple(Awaited(image, image in signed, image in attested) for image in sorted(signed | attested))
