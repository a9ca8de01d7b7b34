"""`chains doctor`: what is wrong with this installation."""

import os

import click
import msgspec

from chains.artifacts.reference import Repository
from chains.cli.doctor.cluster import (
    check_api,
    check_rights,
    check_tekton,
    pushed_lately,
    read_settings,
)
from chains.cli.doctor.deployment import check_controller
from chains.cli.doctor.table import Finding, Verdict, print_findings, rows
from chains.cli.loop import run
from chains.cli.settings import ca_files_from
from chains.config.config import Config, read_config
from chains.errors import ChainsError, VerificationError
from chains.hosts.reach import Reach
from chains.keys.keyring import SecretSource
from chains.keys.secret import signer_from_secret
from chains.kube.client import KubeClient
from chains.payloads.payload import Origin
from chains.pipeline.host_causes import remedies, way_there
from chains.wiring import ClusterWiring, secret_source

TRIAL = b"chains doctor"
MOST_PUSHES = 20
ACCOUNT = "system:serviceaccount:{}:tekton-chains-controller"


@click.command(name="doctor")
@click.option("-n", "--namespace", metavar="NS", help="Look at what was pushed from this namespace; default: from all.")
@click.option(
    "--image", "images", multiple=True, metavar="REPOSITORY", help="Try to push here, instead of what runs built."
)
@click.option(
    "--service-account", default="default", show_default=True, help="Whose credentials --image is tried with."
)
@click.option("--signing-secrets", default="", metavar="DIR|k8s://NS/NAME", help="Where the signing key is.")
@click.option("--as-controller", is_flag=True, help="Ask for the rights of the service's account, not for one's own.")
@click.option("--registry-ca", multiple=True, metavar="HOST=FILE", help="A registry's own certificate authority.")
@click.option("--kubeconfig", metavar="F", help="How to reach the cluster.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="How to print the findings.")
def command(  # noqa: PLR0917 - one parameter an option
    namespace: str | None,
    images: tuple[str, ...],
    service_account: str,
    signing_secrets: str,
    registry_ca: tuple[str, ...],
    kubeconfig: str | None,
    output: str,
    *,
    as_controller: bool,
) -> None:
    """Look at service, rights, key, configuration, registries, log and Tekton: what is wrong, why, and what helps.

    A push is tried by opening an upload and cancelling it; nothing is left behind. Ends with 1 when anything is bad.
    """
    chosen = [
        (Origin("TaskRun", namespace or "default", "doctor", "", service_account), Repository.parse(image))
        for image in images
    ]
    system = os.environ.get("SYSTEM_NAMESPACE") or "tekton-chains"
    user = ACCOUNT.format(system) if as_controller else ""

    async def examine() -> list[Finding]:
        client = await KubeClient.connect(kubeconfig)
        try:
            source = secret_source(signing_secrets, client, system)
            reach = Reach.from_environment(os.environ)
            async with ClusterWiring(client, source, reach, os.environ, ca_files_from(registry_ca)) as wiring:
                if unreached := await check_api(client):
                    return unreached
                found = [*await check_rights(client, system, user), *await check_tekton(client)]
                found += await check_controller(client, system)
                found += await _check_key(source)
                entries, said = await read_settings(client, system)
                found += said
                config = read_config(entries or {}).config
                found += await _check_log(wiring, config)
                return found + await _check_pushes(client, wiring, config, chosen, namespace)
        finally:
            await client.close()

    findings = run(examine())
    if output == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(rows(findings)), indent=2))
    else:
        print_findings(findings)
    if any(found.verdict is Verdict.BAD for found in findings):
        raise SystemExit(1)


async def _check_key(source: SecretSource) -> list[Finding]:
    """Load the key, sign with it, and verify what it signed."""
    try:
        files = await source.read()
        signer = signer_from_secret(files)
        signer.verifier.verify(TRIAL, (await signer.sign(TRIAL)).raw)
    except ChainsError as error:
        named = "name the folder or Secret that holds cosign.key and cosign.password"
        helps = named if "cannot be read" in str(error) else _helps(error, named)
        return [Finding("key", Verdict.BAD, str(error), helps)]
    public = files.get("cosign.pub", b"")
    if public and public.split() != signer.public_pem.split():
        why = f"cosign.pub in {source.name} is not the public half of the key that signs"
        return [Finding("key", Verdict.WARNING, why, "chains public-key --key REF writes the right one")]
    return [Finding("key", Verdict.GOOD, f"{signer.key_id} signs and verifies")]


async def _check_log(wiring: ClusterWiring, config: Config) -> list[Finding]:
    if not config.transparency.possible:
        return [Finding("log", Verdict.GOOD, "transparency.enabled is off: nothing is logged")]
    try:
        checkpoint = await wiring.try_log(config)
    except VerificationError as error:
        return [Finding("log", Verdict.BAD, str(error), "set transparency.public-key to this log's key")]
    except ChainsError as error:
        return [Finding("log", Verdict.BAD, str(error), way_there(str(error)) or "set transparency.url to a log's URL")]
    return [
        Finding("log", Verdict.GOOD, f"{config.transparency.url} has {checkpoint.size} entries, and its key is known")
    ]


async def _check_pushes(
    client: KubeClient,
    wiring: ClusterWiring,
    config: Config,
    chosen: list[tuple[Origin, Repository]],
    namespace: str | None,
) -> list[Finding]:
    if not any("oci" in each.stores for each in (config.taskrun, config.pipelinerun, config.oci) if each.enabled):
        return [Finding("registry", Verdict.GOOD, "no store is a registry")]
    try:
        tried = (chosen or await pushed_lately(client, namespace))[:MOST_PUSHES]
    except ChainsError as error:
        return [Finding("registry", Verdict.UNKNOWN, str(error))]
    if not tried:
        return [Finding("registry", Verdict.UNKNOWN, "no run names an image to try", "name one with --image")]
    return [await _check_push(wiring, config, origin, image) for origin, image in tried]


async def _check_push(wiring: ClusterWiring, config: Config, origin: Origin, image: Repository) -> Finding:
    who = f"the service account {origin.namespace}/{origin.service_account}"
    try:
        await wiring.try_push(config, origin, image)
    except ChainsError as error:
        return Finding(
            "registry", Verdict.BAD, str(error), _helps(error, f"ask whoever runs it why {who} may not push")
        )
    return Finding("registry", Verdict.GOOD, f"{who} may push to {config.oci_repository or image}")


def _helps(error: ChainsError, otherwise: str) -> str:
    """Return the remedy against an error: of the way to a host first, then of what it answered."""
    return next(remedies(str(error)), otherwise)
