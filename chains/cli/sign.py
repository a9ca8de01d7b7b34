"""`chains sign`: sign the runs of files and store what is signed, without a cluster."""

import os
from pathlib import Path

import click

from chains.cli.key_reference import signer_for
from chains.cli.loop import run
from chains.cli.run_files import read_run_files
from chains.cli.settings import ca_files_from, config_from
from chains.cli.terminal import say
from chains.config.config import Config
from chains.errors import InputError
from chains.hosts.reach import Reach
from chains.pipeline.children import with_children
from chains.pipeline.plan import Plan, plan_run
from chains.pipeline.sign import Receipt, sign_plan
from chains.wiring import Logs, Registries, local_parts

# There is no run to leave annotations on, so the registry is what unset storage means here.
_DEFAULTS = ("artifacts.taskrun.storage=oci", "artifacts.pipelinerun.storage=oci")


@click.command(name="sign")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("--key", "reference", required=True, metavar="REF", help="The key: a file, env://VAR, or k8s://NS/NAME.")
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="A setting as in the ConfigMap chains-config."
)
@click.option("--registry-ca", multiple=True, metavar="HOST=FILE", help="A registry's own certificate authority.")
def command(files: tuple[Path, ...], reference: str, settings: tuple[str, ...], registry_ca: tuple[str, ...]) -> None:
    """Sign what the runs in FILE... built; signatures and attestations go beside the images in their registries."""
    config = config_from((*_DEFAULTS, *settings))
    if any("tekton" in treatment.stores for treatment in (config.taskrun, config.pipelinerun, config.oci)):
        raise InputError("the store tekton needs a run in a cluster, and here is none: set the storage to oci")
    found = read_run_files(files)
    plans = [plan_run(each, config, found.children_of(each)) for each in found.finished()]
    if not plans:
        raise InputError("none of these runs has finished, and only finished runs are signed")
    if not run(_sign_all(plans, config, reference, ca_files_from(registry_ca))):
        raise SystemExit(1)


async def _sign_all(plans: list[Plan], config: Config, reference: str, ca_files: dict[str, Path]) -> bool:
    """Sign plan by plan, and return whether everything was stored."""
    signer = await signer_for(reference)
    reach = Reach.from_environment(os.environ)
    registries, logs = Registries(reach, ca_files), Logs(reach, os.environ)
    good = True
    try:
        parts = local_parts(config, signer, registries, logs, os.environ)
        for plan in plans:
            whole, unread = await with_children(plan, parts.indexes)
            signed = await sign_plan(whole, {"x509": signer}, parts.stores, transparency=parts.transparency)
            receipts = (*signed, *unread)
            _report(whole, receipts)
            good &= not any(receipt.failures for receipt in receipts)
    finally:
        await logs.close()
        await registries.close()
    return good


def _report(plan: Plan, receipts: tuple[Receipt, ...]) -> None:
    say(str(plan.origin) + ("" if receipts else ": nothing to sign"))
    for receipt in receipts:
        for place in (place for stored in receipt.stored.values() for place in stored.locations):
            say(f"  {receipt.request.kind} {receipt.request.artifact} stored at {place}")
        if receipt.signed is not None and receipt.signed.log_entry is not None:
            say(f"  {receipt.request.kind} {receipt.request.artifact} logged at {receipt.signed.log_entry.url}")
        for failure in receipt.failures:
            say(f"  {receipt.request.kind} {receipt.request.artifact} FAILED in {failure.where}: {failure.error}")
    for reason in plan.reasons:
        say(f"  note: {reason}")
