"""`chains explain`: why a run was signed, or was not."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import msgspec

from chains.artifacts.reference import ImageReference
from chains.cli.loop import run
from chains.cli.run_files import read_run_files
from chains.cli.run_name import METAVAR, RunName, kind_of, read_run_names
from chains.cli.settings import ca_files_from, config_from
from chains.cli.terminal import say
from chains.config.config import Config
from chains.errors import ChainsError, InputError
from chains.hosts.reach import Reach
from chains.pipeline.explanation import Explanation, explain, remedied
from chains.pipeline.host_causes import remedies
from chains.registry.client import RegistryClient
from chains.registry.cosign_images import CosignImages
from chains.registry.credentials import config_file_keychain
from chains.runs.marks import SIGNED
from chains.runs.run import KINDS, Run


@dataclass(frozen=True, slots=True)
class Explained:
    """A run with what it says, what registries hold, and what Events tell of it."""

    run: Run
    explanation: Explanation
    stored: tuple[str, ...] = ()
    told: tuple[str, ...] = ()

    @property
    def advice(self) -> tuple[str, ...]:
        """What to change, with what registries, Events and settings say considered."""
        ours = remedied(self.run, [said for said in (*self.told, *self.stored) if not said[0].isupper()])
        heard = [said for said in self.told if said.startswith(("Retrying", "PullSecrets", "chains-config cannot"))]
        hosts = (helps for said in (*heard, *self.stored) for helps in remedies(said))
        return tuple(dict.fromkeys((*self.explanation.advice, *ours, *hosts)))


@click.command(name="explain")
@click.argument("names", nargs=-1, required=True, metavar=f"{METAVAR}...|FILE")
@click.option("-n", "--namespace", default="default", show_default=True, metavar="NS", help="Where the runs are.")
@click.option(
    "--kind",
    type=click.Choice([kind.lower() for kind in KINDS]),
    default="taskrun",
    show_default=True,
    help="What a run is that is named without its kind.",
)
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="For a file: a setting of chains-config.")
@click.option("--no-registry", is_flag=True, help="Do not look into registries.")
@click.option("--registry-ca", multiple=True, metavar="HOST=FILE", help="A registry's own certificate authority.")
@click.option("--kubeconfig", metavar="F", help="How to reach the cluster.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="How to print it.")
def command(
    names: tuple[str, ...],
    namespace: str,
    kind: str,
    settings: tuple[str, ...],
    *,
    registry_ca: tuple[str, ...],
    kubeconfig: str | None,
    output: str,
    no_registry: bool,
) -> None:
    """Say what a run claims to have built, what is planned for it, what happened, and what to change.

    The run is in a cluster, named as in taskrun/NAME, or in a file with its children, as kubectl writes it.
    """
    if len(names) == 1 and _is_file(names[0]):
        found = read_run_files((Path(names[0]),))
        config = config_from(settings)
        explained = [Explained(each, explain(each, config, found.children_of(each))) for each in found.runs]
    else:
        if settings:
            raise InputError("--set is for a run in a file; one in a cluster is explained by its chains-config")
        explained, config = run(_in_cluster(kubeconfig, read_run_names(names, namespace, kind_of(kind))))
    if not no_registry:
        explained = run(_with_stored(explained, config, registry_ca))
    if output == "json":
        click.echo(msgspec.json.format(msgspec.json.encode([_row(each) for each in explained]), indent=2))
        return
    for each in explained:
        _print(each)


def _is_file(name: str) -> bool:
    """Whether a file is meant, be it there or not, and no run."""
    # os.path says no of what no file may be called, where pathlib raises.
    return name.startswith((".", "/")) or name.endswith((".yaml", ".yml", ".json")) or os.path.isfile(name)  # noqa: PTH113


async def _in_cluster(kubeconfig: str | None, names: tuple[RunName, ...]) -> tuple[list[Explained], Config]:
    """Read runs out of the cluster and explain each by what speaks of it there."""
    # A file needs no cluster, and its client is slow to import.
    from chains.cli.explain.cluster import read_case  # noqa: PLC0415

    cases = [await read_case(kubeconfig, named) for named in names]
    explained = [Explained(case.run, explain(case.run, case.config, case.children), told=case.told) for case in cases]
    return explained, cases[0].config


async def _with_stored(explained: list[Explained], config: Config, registry_ca: tuple[str, ...]) -> list[Explained]:
    """Add what registries hold; one that cannot be asked is said to be so."""
    reach = Reach.from_environment(os.environ)
    async with RegistryClient(reach, insecure=config.oci_insecure, ca_files=ca_files_from(registry_ca)) as client:
        beside = CosignImages(client, config_file_keychain(os.environ), config.oci_repository)
        looked = []
        for each in explained:
            requests = [request for request in each.explanation.requests if "oci" in request.stores]
            images = dict.fromkeys(image for request in requests for image in request.payload.images)
            marked = each.run.annotations.get(SIGNED) == "true"
            stored = [await _stored(beside, image, marked=marked) for image in images]
            looked.append(Explained(each.run, each.explanation, tuple(stored), each.told))
        return looked


async def _stored(beside: CosignImages, image: ImageReference, *, marked: bool) -> str:
    try:
        signatures, attestations = await beside.find_signatures(image), await beside.find_attestations(image)
    except ChainsError as error:
        return f"beside {image}: cannot be looked at: {error}"
    if marked and not signatures and not attestations:
        return f"it is marked as signed, and nothing stands beside {image}"
    found = ", ".join((_count(len(signatures), "signature"), _count(len(attestations), "attestation")))
    return f"beside {image}: {found}, not verified here"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _row(each: Explained) -> dict[str, Any]:
    return {
        "run": f"{each.run.kind} {each.run.namespace}/{each.run.name}",
        "found": each.explanation.found,
        "planned": list(_planned(each.explanation)),
        "happened": (*each.explanation.happened, *_news(each)),
        "stored": each.stored,
        "advice": each.advice,
    }


def _news(each: Explained) -> Iterator[str]:
    """Yield what is told besides that which the run itself says."""
    for said in each.told:
        if not any(said.partition(": ")[2] in known for known in each.explanation.happened):
            yield said


def _planned(explanation: Explanation) -> Iterator[str]:
    for request in explanation.requests:
        logged = ", logged" if request.logged else ""
        yield f"{request.kind} {request.artifact} as {request.format} into {', '.join(request.stores)}{logged}"
    if not explanation.requests:
        yield "nothing"
    yield from (f"no more: {why}" for why in explanation.left_out if f"near miss: {why}" not in explanation.found)


def _print(each: Explained) -> None:
    row = _row(each)
    say(row.pop("run"))
    for part, sentences in row.items():
        if sentences:
            click.echo(f"  {part}")
        for sentence in sentences:
            say(f"    {' '.join(sentence.split())}")
