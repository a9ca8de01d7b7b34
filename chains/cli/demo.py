"""`chains demo`: the whole story in one process, without a cluster, a registry or a network."""

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import click

from chains.artifacts.reference import ImageReference
from chains.cli.logs import log_to_stderr
from chains.cli.loop import run
from chains.demo.samples import samples_folder
from chains.demo.story import tell
from chains.demo.world import World
from chains.errors import VerificationError


@click.command(name="demo")
@click.option("--keep", is_flag=True, help="Leave it running, for kubectl and cosign, until interrupted.")
def command(*, keep: bool) -> None:
    """Sign the samples in a world of its own: Kubernetes API, OCI registry and service in this one process."""
    log_to_stderr("error")
    descriptor, report = tempfile.mkstemp(prefix="chains-audit-", suffix=".html")
    os.close(descriptor)
    with tempfile.TemporaryDirectory(prefix="chains-demo-") as folder:
        good = run(tell(Path(folder), click.echo, partial(_audit_and_stay if keep else _audit, report)))
    if not good:
        raise SystemExit(1)
    click.echo(_farewell(report) if keep else f"{_farewell(report)}\n{_next_steps(_program())}")


def _program() -> str:
    """How this command line was called."""
    return "chains" if sys.argv[0].endswith(".py") else sys.argv[0]


def _farewell(report: str) -> str:
    return f"""
This world is over: its servers are gone, and the files of its commands with them.
What stays is the report:                         {report}
To open it in a browser:                          python3 -m webbrowser {report}"""


def _next_steps(program: str) -> str:
    sample = os.path.relpath(samples_folder() / "buildah-kyverno-pipeline.yaml")
    return f"""To keep it, and type them and kubectl's yourself: {program} demo --keep
To see what would be signed for a run, and why:   {program} simulate {sample}"""


async def _audit_and_stay(report: str, here: World, image: ImageReference) -> None:
    await _audit(report, here, image)
    await _stay(here, image)


async def _audit(report: str, here: World, image: ImageReference) -> None:
    await _audit_one(here, image)
    await _audit_all(here, report)


async def _audit_one(here: World, image: ImageReference) -> None:
    """Run the auditor's command as anybody would, and show what it says; raise VerificationError when it fails."""
    told = ("verify-attestation", "--type", "slsaprovenance", "--key", str(here.public_key), "--insecure-ignore-tlog")
    click.echo(f"\n5. An auditor asks the same, with the public key alone\n$ chains {' '.join(told)} {image}")
    await _tell((*told, str(image)), os.environ)


async def _tell(told: Sequence[str], env: Mapping[str, str]) -> None:
    """Run a command of ours and show what it says on stderr; raise VerificationError when it does not end well."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "chains",
        *told,
        env=dict(env),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    click.echo(said.decode().strip())
    if process.returncode != 0:
        raise VerificationError(f"chains {told[0]} ended with {process.returncode}")


async def _audit_all(here: World, report: str) -> None:
    """Have everything in the world audited, and keep the report; raise VerificationError when not all is good."""
    scope = ("--all-namespaces", "--images-only")
    told = ("audit", *scope, "--key", str(here.public_key), "-o", "html", "--output-file", report)
    click.echo(f"\n6. And of everything at once, the transparency log included\n$ chains {' '.join(told)}")
    places = {"KUBECONFIG": str(here.kubeconfig), "SIGSTORE_REKOR_PUBLIC_KEY": str(here.log_key)}
    await _tell(told, os.environ | places)


async def _stay(here: World, image: ImageReference) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    cosign = f"--key {here.public_key}"
    click.echo(
        f"""
It goes on running until Ctrl-C, and until then its files are kept: ls {here.kubeconfig.parent}
From another terminal:
  export KUBECONFIG={here.kubeconfig}
  export SIGSTORE_REKOR_PUBLIC_KEY={here.log_key}
  kubectl get taskruns,pipelineruns --all-namespaces
  kubectl describe taskrun build-hello-x7k2p --namespace builds
  {_program()} audit --all-namespaces --images-only {cosign}
  cosign verify {cosign} {image}
  cosign verify-attestation --type slsaprovenance {cosign} {image}
"""
    )
    await stop.wait()
