"""Evidence of recorded repositories, made and judged again."""

import json
from pathlib import Path

from chains.cli.evidence.archive import pack
from chains.cli.evidence.names import SUMS
from chains.cli.evidence.write import sums_of, sums_text
from chains.demo.registry.server import RegistryServer
from tests.verify.recordings import IGNORED, WORKDIR, Ended, chains

OLD, NEW = str(WORKDIR / "k25/cosign.pub"), str(WORKDIR / "k31/cosign.pub")
KEYS = ("--key", OLD, "--key", NEW)
TIME = ("--time", "2026-05-01T08:00:00Z")


def made(registry: RegistryServer, path: Path, *flags: str) -> Ended:
    names = ("c25/app:v1", "c31bundle/app:v1", "c25/unsigned:v1", "c25/app:nosuch")
    told = [f"{registry.address}/{name}" for name in names]
    return chains("audit", *KEYS, IGNORED, *TIME, "-o", "json", "--evidence", str(path), *flags, *told)


def again(path: Path, *flags: str, keys: tuple[str, ...] = KEYS) -> Ended:
    return chains("audit", *keys, IGNORED, "-o", "json", "--from-evidence", str(path), *flags)


def verdicts(ended: Ended) -> list[str]:
    return [entry["verdict"] for entry in json.loads(ended.stdout)["entries"]]


def resealed(folder: Path) -> Path:
    """Evidence whose list of digests somebody wrote anew, as an archive."""
    (folder / SUMS).write_bytes(sums_text(sums_of(folder)))
    pack(folder, folder.parent / "resealed.zip")
    return folder.parent / "resealed.zip"
