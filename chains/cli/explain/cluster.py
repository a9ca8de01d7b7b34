"""A run in a cluster with all that speaks of it: its children, its Events, and the configuration."""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass

import msgspec

from chains.cli.run_name import RunName
from chains.config.config import Config, read_config
from chains.controller.turn import gather_children
from chains.errors import ChainsError, EdgeError
from chains.kube.client import KubeClient
from chains.kube.cluster import CONFIG_MAP, KubeCluster
from chains.kube.config_map import read_config_map
from chains.kube.resources import EVENTS
from chains.runs.authors import FIELD_MANAGER
from chains.runs.run import Run, parse_run


@dataclass(frozen=True, slots=True)
class Case:
    """What there is to explain a run by; `told` is what is wrong with the settings, and its Events."""

    run: Run
    config: Config
    children: tuple[Run, ...]
    told: tuple[str, ...]


class _Source(msgspec.Struct):
    component: str = ""


class _Event(msgspec.Struct):
    reason: str = ""
    message: str = ""
    count: int | None = None
    source: _Source = msgspec.field(default_factory=_Source)


async def read_case(kubeconfig: str | None, named: RunName) -> Case:
    """Read a run and what speaks of it; raise InputError when there is no such run."""
    client = await KubeClient.connect(kubeconfig)
    try:
        cluster = KubeCluster(client, "")
        text = await cluster.read_named(named.kind, named.namespace, named.name)
        if text is None:
            raise named.missing()
        run = parse_run(text)
        children = await gather_children(run.key, run, cluster) if run.kind == "PipelineRun" else ()
        config, said = await read_settings(client)
        return Case(run, config, children, (*said, *[each async for each in _told(client, run)]))
    finally:
        await client.close()


async def read_settings(client: KubeClient) -> tuple[Config, tuple[str, ...]]:
    """Return the configuration of the cluster, the defaults where it cannot be read, and what is wrong with it."""
    namespace = os.environ.get("SYSTEM_NAMESPACE") or "tekton-chains"
    try:
        held = await read_config_map(client, namespace, CONFIG_MAP)
    except EdgeError as error:
        return read_config({}).config, (f"chains-config cannot be read, so the defaults are taken for it: {error}",)
    reading = read_config({name: text.decode("utf-8", "replace") for name, text in held.items()})
    return reading.config, tuple(f"chains-config is refused: {why}" for why in (*reading.problems, *reading.impossible))


async def _told(client: KubeClient, run: Run) -> AsyncIterator[str]:
    """Yield what the service said of the run in Events; who may not read them is told so."""
    try:
        async for page in client.list_pages(EVENTS, run.namespace, field_selector=f"involvedObject.uid={run.uid}"):
            for item in page.items:
                event = msgspec.json.decode(item, type=_Event)
                if event.source.component == FIELD_MANAGER:
                    times = f" ({event.count} times)" if (event.count or 1) > 1 else ""
                    yield f"{event.reason}{times}: {event.message}"
    except (ChainsError, msgspec.DecodeError) as error:
        yield f"its Events cannot be read: {error}"
