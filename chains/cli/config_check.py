"""`chains config check`: what is wrong with the settings, before the service says so."""

from collections.abc import Mapping
from pathlib import Path

import click
import msgspec

from chains.cli.terminal import say
from chains.config.lint import Finding, Grade, lint
from chains.errors import EdgeError, InputError
from chains.runs.documents import read_documents

REFUSED = 1
_MARKS = {Grade.ERROR: "error:  ", Grade.WARNING: "warning:", Grade.NOTE: "note:   "}


@click.command(name="check")
@click.argument("file", required=False, type=click.Path(path_type=Path), metavar="[FILE]")
@click.option("-n", "--namespace", metavar="NS", help="Read the ConfigMap chains-config of this namespace instead.")
@click.option("--kubeconfig", metavar="F", help="How to reach the cluster.")
@click.option("--strict", is_flag=True, help="End with 1 for warnings too.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="How to print the findings.")
def command(file: Path | None, namespace: str | None, kubeconfig: str | None, output: str, *, strict: bool) -> None:
    """Say what is wrong, old or without effect in the ConfigMap in FILE, or in a cluster.

    Ends with 1 when the service would refuse the configuration, else with 0.
    """
    if file is not None and namespace is not None:
        raise InputError("name a file or a --namespace, not both")
    if file is None and namespace is None:
        raise InputError("name a file that holds the ConfigMap, or with --namespace where it is in the cluster")
    entries = _in_file(file) if file is not None else _in_cluster(namespace or "", kubeconfig)
    findings = lint(entries)
    if output == "json":
        rows = [{"grade": found.grade.value, "sentence": found.sentence} for found in findings]
        click.echo(msgspec.json.format(msgspec.json.encode(rows), indent=2))
    else:
        _print(findings, len(entries))
    bad = (Grade.ERROR, Grade.WARNING) if strict else (Grade.ERROR,)
    if any(found.grade in bad for found in findings):
        raise SystemExit(REFUSED)


def _print(findings: tuple[Finding, ...], count: int) -> None:
    for found in findings:
        say(f"{_MARKS[found.grade]} {found.sentence}")
    if not findings:
        say(f"good: {count} {'setting' if count == 1 else 'settings'}, nothing to say against any")


def _in_file(path: Path) -> Mapping[str, str]:
    try:
        objects = list(read_documents(path.read_bytes()))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    maps = [found for found in objects if found.get("kind") == "ConfigMap"]
    named = [found for found in maps if (found.get("metadata") or {}).get("name") == "chains-config"]
    chosen = named or maps
    if len(chosen) != 1:
        raise InputError(
            f"{path} holds {len(chosen) or 'no'} ConfigMaps: one is wanted, or one of several named chains-config"
        )
    try:
        return msgspec.convert(chosen[0].get("data") or {}, dict[str, str])
    except msgspec.ValidationError as error:
        raise InputError(f'{path}: a setting is no text ({error}): quote its value, as in "true"') from error


def _in_cluster(namespace: str, kubeconfig: str | None) -> Mapping[str, str]:
    from chains.cli.loop import run  # noqa: PLC0415 - a file needs no cluster, and its client is slow to import
    from chains.kube.client import KubeClient  # noqa: PLC0415
    from chains.kube.config_map import read_config_map  # noqa: PLC0415

    async def read() -> Mapping[str, bytes]:
        client = await KubeClient.connect(kubeconfig)
        try:
            return await read_config_map(client, namespace, "chains-config")
        finally:
            await client.close()

    try:
        return {name: text.decode("utf-8", "replace") for name, text in run(read()).items()}
    except EdgeError as error:
        raise InputError(f"the configuration cannot be read: {error}") from error
