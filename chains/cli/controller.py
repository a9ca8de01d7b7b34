"""`chains controller`: the service."""

import asyncio
import gc
import os
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path

import click

from chains.cli.election import ElectedLeadership, election_config_map, identity_in
from chains.cli.log_level import following_log_level
from chains.cli.logs import LEVELS, log_to_stderr
from chains.cli.loop import run
from chains.cli.settings import ca_files_from
from chains.controller.health import probes
from chains.controller.host_errors import HostErrors
from chains.controller.live_metrics import Readings
from chains.controller.metrics import Metrics
from chains.controller.service import Scope, Service
from chains.controller.shares import Shares
from chains.hosts.breaker import Breaker
from chains.hosts.reach import Reach
from chains.kube.client import KubeClient
from chains.kube.cluster import KubeCluster
from chains.kube.event_lane import event_lane
from chains.wiring import ClusterWiring, secret_source

# Kubernetes kills what has not ended 30 s after SIGTERM.
LAST_MOMENT = 24.0
ENDING = signal.SIGTERM, signal.SIGINT


@click.command(name="controller")
@click.option("--kubeconfig", metavar="F", help="How to reach the cluster; default: $KUBECONFIG, then the pod's own.")
@click.option("--namespace", default="", metavar="A,B", help="Only runs in these namespaces; default: all.")
@click.option("--signing-secrets", default="", metavar="DIR|k8s://NS/NAME", help="Where the signing key is.")
@click.option(
    "--workers",
    default=64,
    show_default=True,
    type=click.IntRange(1, 1024),
    help="Runs signed at once: at most half of one namespace, an eighth kept for others.",
)
@click.option("--registry-ca", multiple=True, metavar="HOST=FILE", help="A registry's own certificate authority.")
@click.option("--health-port", default=8080, show_default=True, help="Port of the probes and metrics; 0 for none.")
@click.option("--disable-ha", is_flag=True, help="Write without a lease: there must be no other replica.")
@click.option("--log-level", default="info", show_default=True, type=click.Choice(list(LEVELS)))
def command(  # noqa: PLR0917 - one parameter an option
    kubeconfig: str | None,
    namespace: str,
    signing_secrets: str,
    workers: int,
    registry_ca: tuple[str, ...],
    health_port: int,
    disable_ha: bool,
    log_level: str,
) -> None:
    """Watch a cluster and sign every run that completes, until SIGTERM or SIGINT.

    $SYSTEM_NAMESPACE (default tekton-chains) holds the ConfigMap chains-config. The key comes from /etc/signing-secrets
    if that is there, else from the Secret signing-secrets in that namespace. Where $CONFIG_LEADERELECTION_NAME names a
    ConfigMap (which need not exist), replicas share the runs through Leases in that namespace. The ConfigMap
    $CONFIG_LOGGING_NAME (default config-logging) may set the log level, at any time, before --log-level.
    """
    log_to_stderr(log_level)
    _collect_garbage_rarely()
    scope = Scope(namespaces=tuple(n.strip() for n in namespace.split(",") if n.strip()), workers=workers)
    election = "" if disable_ha else election_config_map()
    run(
        _serve(
            kubeconfig, signing_secrets, scope, ca_files_from(registry_ca), health_port, election, log_level=log_level
        )
    )


async def _serve(
    kubeconfig: str | None,
    signing_secrets: str,
    scope: Scope,
    ca_files: dict[str, Path],
    health_port: int,
    election: str,
    *,
    log_level: str,
) -> None:
    system_namespace = os.environ.get("SYSTEM_NAMESPACE") or "tekton-chains"
    errors = HostErrors()
    async with AsyncExitStack() as stack:
        stop = stack.enter_context(_told_to_end())
        leadership = None
        if election:
            voter = await stack.enter_async_context(_connected(kubeconfig, errors))
            leadership = ElectedLeadership(voter, system_namespace, election, identity_in(os.environ))
        shares = Shares(leadership)
        client = await stack.enter_async_context(_connected(kubeconfig, errors, shares.check))
        secret = secret_source(signing_secrets, client, system_namespace)
        await stack.enter_async_context(following_log_level(client, system_namespace, os.environ, log_level))
        events = await stack.enter_async_context(event_lane(client))
        reach = Reach.from_environment(os.environ, errors.note, shares.check, Breaker())
        wiring = await stack.enter_async_context(
            ClusterWiring(client, secret, reach, os.environ, ca_files, events=events)
        )
        around = Readings(wiring.circuits, wiring.key_id, errors, version("chains"), lambda: events.dropped)
        metrics = Metrics(around)
        cluster = KubeCluster(client, system_namespace, events)
        service = Service(cluster, wiring, scope, metrics=metrics, shares=shares)
        async with probes(health_port, service.unready, metrics.text, service.stalled):
            await service.run(stop)


@asynccontextmanager
async def _connected(
    kubeconfig: str | None, errors: HostErrors, permit: Callable[[], None] = lambda: None
) -> AsyncIterator[KubeClient]:
    client = await KubeClient.connect(kubeconfig, observe=partial(errors.note, "api"), permit=permit)
    try:
        yield client
    finally:
        await client.close()


@contextmanager
def _told_to_end() -> Iterator[asyncio.Event]:
    """Give what is set when the process is told to end; once it has ended so, it is told in vain.

    The loop's own handlers would leave the signals their usual effect as soon as the loop is closed.
    """
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    before = {number: signal.signal(number, lambda *_: loop.call_soon_threadsafe(_stop, stop)) for number in ENDING}
    try:
        yield stop
    finally:
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN if stop.is_set() else before[number])


def _stop(stop: asyncio.Event) -> None:
    """Ask the service to end, and make sure that the process does: the lookup of a name cannot be cancelled."""
    if stop.is_set():
        return
    stop.set()
    watchdog = threading.Timer(LAST_MOMENT, os._exit, (0,))
    watchdog.daemon = True
    watchdog.start()


def _collect_garbage_rarely() -> None:
    """Look through what lives as long as the process never again, and through the rest rarely: a fifth of the CPU."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)
