"""Reading the repository's manifests and its Dockerfile as tests want them."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config"

Manifest = dict[str, Any]


def documents(path: Path) -> list[Manifest]:
    """Every document of a YAML file."""
    return list(yaml.safe_load_all(path.read_bytes()))


@cache
def kustomization(folder: Path) -> Manifest:
    """A folder's kustomization."""
    return documents(folder / "kustomization.yaml")[0]


def manifests(folder: Path = CONFIG) -> list[Manifest]:
    """Every object that a kustomization puts on a cluster, its labels set as kustomize sets them."""
    found: list[Manifest] = []
    for name in kustomization(folder)["resources"]:
        path = folder / name
        found += manifests(path) if path.is_dir() else documents(path)
    for entry in kustomization(folder)["labels"]:
        for manifest in found:
            manifest["metadata"].setdefault("labels", {}).update(entry["pairs"])
    return found


def manifest(kind: str, name: str) -> Manifest:
    """The one object of that kind and name."""
    (found,) = [m for m in manifests() if (m["kind"], m["metadata"]["name"]) == (kind, name)]
    return found


def pod() -> Manifest:
    """The pod that the Deployment makes."""
    template: Manifest = manifest("Deployment", "tekton-chains-controller")["spec"]["template"]
    return template


def container() -> Manifest:
    """The one container of that pod."""
    (found,) = pod()["spec"]["containers"]
    only: Manifest = found
    return only


def pyproject() -> Manifest:
    """The whole of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def project() -> Manifest:
    """The table [project] of pyproject.toml."""
    table: Manifest = pyproject()["project"]
    return table


@dataclass(frozen=True, slots=True)
class Instruction:
    """One line of a Dockerfile, continuations joined."""

    word: str
    rest: str


def stages() -> list[list[Instruction]]:
    """The Dockerfile's stages, each from its FROM on."""
    lines = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.startswith("#")]
    text = re.sub(r"\s*\\\n\s*", " ", "\n".join(lines))
    found: list[list[Instruction]] = []
    for line in filter(None, text.splitlines()):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            found.append([])
        found[-1].append(Instruction(word, rest))
    return found


def said(stage: list[Instruction], word: str) -> list[str]:
    """What a stage says after each instruction of that word."""
    return [instruction.rest for instruction in stage if instruction.word == word]
