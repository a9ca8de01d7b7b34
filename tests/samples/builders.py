"""Reading the samples, and what their README says of them."""

import re
from pathlib import Path
from typing import Any

from chains.cli.run_files import read_run_files
from chains.config.config import Config, read_config
from chains.pipeline.plan import Plan, plan_run
from chains.runs.documents import read_documents

SAMPLES = Path(__file__).parents[2] / "samples"
FILES = sorted(SAMPLES.glob("*.yaml"))
SIGNING_CONFIG = SAMPLES / "config" / "signing-config.yaml"
README = (SAMPLES / "README.md").read_text()

# What the demo sets.
BESIDE_IMAGES = {
    "artifacts.taskrun.format": "slsa/v1",
    "artifacts.taskrun.storage": "oci",
    "artifacts.pipelinerun.format": "slsa/v2alpha4",
    "artifacts.pipelinerun.storage": "oci",
    "artifacts.oci.storage": "oci",
}

RunObject = dict[str, Any]


def objects(path: Path, kind: str = "") -> list[RunObject]:
    """The runs of a file, or those of one kind, as the API returns them."""
    return [found for found in read_documents(path.read_bytes()) if kind in ("", found["kind"])]


def every_object(kind: str = "") -> list[RunObject]:
    """The runs of all files, or those of one kind."""
    return [found for path in FILES for found in objects(path, kind)]


def named(found: RunObject) -> str:
    """What a test calls a run."""
    return str(found["metadata"]["name"])


def walk_through_config() -> Config:
    """The settings of the first walk-through."""
    (config_map,) = read_documents(SIGNING_CONFIG.read_bytes())
    reading = read_config(config_map["data"])
    assert (reading.problems, reading.unknown) == ((), ())
    return reading.config


def beside_images_config() -> Config:
    """Everything beside images, PipelineRuns in SLSA v1.0."""
    reading = read_config(BESIDE_IMAGES)
    assert (reading.problems, reading.unknown) == ((), ())
    return reading.config


def plans(name: str, config: Config | None = None) -> dict[str, Plan]:
    """The plan of each run of a file by its name; the defaults where no settings are given."""
    settings = read_config({}).config if config is None else config
    found = read_run_files((SAMPLES / name,))
    return {run.name: plan_run(run, settings, found.children_of(run)) for run in found.runs}


def images(plan: Plan) -> list[str]:
    """The images that a plan signs."""
    return [request.artifact for request in plan.requests if request.kind == "oci"]


def rows(columns: int) -> list[tuple[str, ...]]:
    """The rows of the README's tables with so many columns, code marks off, heads left out."""
    lines = [re.split(r"\s*\|\s*", line.strip("| \n")) for line in README.splitlines() if line.startswith("| `")]
    return [tuple(cell.strip("`") for cell in cells) for cells in lines if len(cells) == columns]
