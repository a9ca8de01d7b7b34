"""The sample runs, told of images that really exist in the embedded registry."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

import chains
from chains.artifacts.reference import ImageReference
from chains.config.config import Config
from chains.demo.registry.server import RegistryServer
from chains.errors import InputError
from chains.pipeline.plan import plan_run
from chains.runs.documents import read_documents
from chains.runs.run import KINDS, Run, parse_run

PLACEHOLDER = "registry.example.com:5000"


@dataclass(frozen=True, slots=True)
class Sample:
    """One run to be applied, and the images that are to be signed for it."""

    object: dict[str, Any]
    run: Run
    images: tuple[ImageReference, ...]


def samples_folder() -> Path:
    """Return where the samples are: beside the package in a checkout, inside it when it is installed."""
    package = Path(chains.__file__).parent
    for folder in (package / "demo" / "samples", package.parent / "samples"):
        if folder.is_dir():
            return folder
    raise InputError(
        f"the samples are neither in {package.parent} nor in {package / 'demo'}: install the package whole"
    )


def read_samples(folder: Path) -> tuple[Run, ...]:
    """Return every run of the folder's files, file by file."""
    found: list[Run] = []
    for path in sorted(folder.rglob("*.yaml")):
        objects = read_documents(path.read_bytes())
        found.extend(parse_run(msgspec.json.encode(item)) for item in objects if item.get("kind") in KINDS)
    return tuple(found)


def with_real_images(runs: Iterable[Run], config: Config, registry: RegistryServer) -> tuple[Sample, ...]:
    """Push an image for each one that a run names, and return the runs with that registry and those digests."""
    runs = tuple(runs)
    named = {image for run in runs for image in _images(run, config)}
    pushed = {
        image.digest.hex: registry.push_image(image.repository.path, seed=str(image)).digest.hex for image in named
    }
    return tuple(_rewritten(run, config, registry.address, pushed) for run in runs)


def _images(run: Run, config: Config) -> tuple[ImageReference, ...]:
    return tuple(dict.fromkeys(i for request in plan_run(run, config).requests for i in request.payload.images))


def _rewritten(run: Run, config: Config, address: str, pushed: dict[str, str]) -> Sample:
    text = bytes(run.text).decode().replace(PLACEHOLDER, address)
    for placeholder, digest in pushed.items():
        text = text.replace(placeholder, digest)
    told = parse_run(text.encode())
    return Sample(msgspec.json.decode(text), told, _images(told, config))
