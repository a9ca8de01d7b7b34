"""`chains demo`: the whole story in one process, without a cluster, a registry or a network."""

import asyncio
import signal
import tempfile
from pathlib import Path

import click

from chains.cli.logs import log_to_stderr
from chains.cli.loop import run
from chains.demo.story import tell
from chains.demo.world import World


@click.command(name="demo")
@click.option("--keep", is_flag=True, help="Leave it running, for kubectl and cosign, until interrupted.")
def command(*, keep: bool) -> None:
    """Sign the samples in a world of its own: Kubernetes API, OCI registry and service in this one process."""
    log_to_stderr("error")
    with tempfile.TemporaryDirectory(prefix="chains-demo-") as folder:
        good = run(tell(Path(folder), click.echo, _stay if keep else None))
    if not good:
        raise SystemExit(1)


async def _stay(here: World) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    image = f"{here.registry.address}/REPOSITORY@sha256:DIGEST"
    click.echo(
        f"""
It goes on running until Ctrl-C. From another terminal:
  export KUBECONFIG={here.kubeconfig}
  kubectl get taskruns --all-namespaces
  cosign verify --key {here.public_key} --insecure-ignore-tlog=true {image}
  cosign verify-attestation --key {here.public_key} --type slsaprovenance --insecure-ignore-tlog=true {image}
"""
    )
    await stop.wait()
