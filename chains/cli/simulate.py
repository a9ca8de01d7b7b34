"""`chains simulate`: what would be signed for a run; no key, no network."""

from pathlib import Path
from typing import Any

import click
import msgspec

from chains.cli.run_files import read_run_files
from chains.cli.settings import config_from
from chains.cli.terminal import say
from chains.pipeline.plan import Plan, SigningRequest, plan_run
from chains.runs.run import Run


@click.command(name="simulate")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="A setting as in the ConfigMap chains-config."
)
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="How to print the plan.")
def command(files: tuple[Path, ...], settings: tuple[str, ...], output: str) -> None:
    """Show what would be signed for the runs in FILE..., and why not; no key and no network are used.

    With -o json the payloads themselves are shown, indented.
    """
    config = config_from(settings)
    found = read_run_files(files)
    plans = [(run, plan_run(run, config, found.children_of(run))) for run in found.finished()]
    if output == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(_rows(plans)), indent=2))
    for run, plan in plans:
        _explain(run, plan, to_stderr=output == "json")


def _rows(plans: list[tuple[Run, Plan]]) -> list[dict[str, Any]]:
    return [_row(run, request) for run, plan in plans for request in plan.requests]


def _row(run: Run, request: SigningRequest) -> dict[str, Any]:
    return {
        "run": str(run),
        "kind": request.kind,
        "artifact": request.artifact,
        "format": request.format,
        "stores": request.stores,
        "payload": msgspec.Raw(request.payload.body),
    }


def _explain(run: Run, plan: Plan, *, to_stderr: bool) -> None:
    """Print a plan for people; beside JSON only the reasons, on stderr."""
    if not to_stderr:
        say(f"{run}" + ("" if plan.requests else ": nothing to sign"))
        for request in plan.requests:
            say(f"  sign {request.kind} {request.artifact} as {request.format} into {_where(request)}")
    for reason in plan.reasons:
        say(f"note: {run}: {reason}" if to_stderr else f"  note: {reason}", err=to_stderr)


def _where(request: SigningRequest) -> str:
    """Return the stores, and the images that the store oci will keep it beside if it is not about one of them."""
    images = [str(image) for image in request.payload.images] if "oci" in request.stores else []
    beside = ", ".join(image for image in images if image != request.artifact)
    logged = ", and into the transparency log" if request.logged else ""
    return ", ".join(request.stores) + (f" beside {beside}" if beside else "") + logged
