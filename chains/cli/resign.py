"""`chains resign`: have runs signed again."""

from collections.abc import AsyncIterator

import click

from chains.cli.loop import run
from chains.cli.run_name import METAVAR, RunName, read_run_names
from chains.errors import InputError
from chains.kube.client import KubeClient
from chains.kube.cluster import KubeCluster
from chains.runs.glance import Glance, glance
from chains.runs.marks import SIGNED, UNSETTLED, is_settled
from chains.runs.run import KINDS
from chains.runs.sighting import RunKey


@click.command(name="resign")
@click.argument("runs", nargs=-1, metavar=f"{METAVAR}...")
@click.option("-n", "--namespace", default="default", show_default=True, help="Where the runs are.")
@click.option(
    "--all-failed", is_flag=True, help="Every run of the cluster that is marked failed; with -n of that namespace."
)
@click.option("--kubeconfig", metavar="F", help="How to reach the cluster.")
@click.pass_context
def command(
    ctx: click.Context, runs: tuple[str, ...], namespace: str, *, all_failed: bool, kubeconfig: str | None
) -> None:
    """Take the mark off runs, so that the service signs them again; KIND is taskrun (the default) or pipelinerun.

    What was stored before stays; the same bytes are not stored twice.
    """
    if bool(runs) == all_failed:
        raise InputError("name the runs to sign again, as in taskrun/build-1, or use --all-failed")
    chosen = ctx.get_parameter_source("namespace") is not click.core.ParameterSource.DEFAULT
    if all_failed:
        count = run(_unmark_failed(kubeconfig, namespace if chosen else None))
    else:
        count = run(_unmark(kubeconfig, read_run_names(runs, namespace)))
    click.echo(f"{count} {'run' if count == 1 else 'runs'} will be signed again")


async def _unmark(kubeconfig: str | None, runs: tuple[RunName, ...]) -> int:
    client = await KubeClient.connect(kubeconfig)
    cluster = KubeCluster(client, "")
    try:
        # Every name is looked up before any mark is taken off.
        for seen in [await _seen(cluster, named) for named in runs]:
            if seen.done or is_settled(seen.annotations):
                await cluster.mark(seen.key, UNSETTLED)
    finally:
        await client.close()
    return len(runs)


async def _seen(cluster: KubeCluster, named: RunName) -> Glance:
    text = await cluster.read_named(named.kind, named.namespace, named.name)
    if text is None:
        raise named.missing()
    return glance(named.kind, text)


async def _unmark_failed(kubeconfig: str | None, namespace: str | None) -> int:
    client = await KubeClient.connect(kubeconfig)
    cluster = KubeCluster(client, "")
    count = 0
    try:
        async for key in _failed(cluster, namespace):
            count += await cluster.mark(key, UNSETTLED)
    finally:
        await client.close()
    return count


async def _failed(cluster: KubeCluster, namespace: str | None) -> AsyncIterator[RunKey]:
    for kind in KINDS:
        async for seen in cluster.glances(kind, namespace):
            if seen.annotations.get(SIGNED) == "failed":
                yield seen.key
