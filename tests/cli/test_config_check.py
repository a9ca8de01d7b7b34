"""`chains config check` as a user runs it."""

import json
from pathlib import Path

from tests.cli.command import ROOT, chains, refused

GOOD = """apiVersion: v1
kind: ConfigMap
metadata: {name: chains-config}
data:
  artifacts.taskrun.format: slsa/v2alpha4
  artifacts.taskrun.storage: oci
  artifacts.pipelinerun.storage: oci
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "config.yaml"
    path.write_text(text)
    return path


def test_a_good_file_is_good(tmp_path: Path) -> None:
    done = chains("config", "check", write(tmp_path, GOOD))
    assert (done.returncode, done.stdout) == (0, "good: 3 settings, nothing to say against any\n")


def test_a_file_that_would_be_refused_ends_with_1_and_says_what_was_meant(tmp_path: Path) -> None:
    done = chains("config", "check", write(tmp_path, GOOD.replace("v2alpha4", "v2alpha44") + "  builder.idd: x\n"))
    assert done.returncode == 1
    error, warning = done.stdout.splitlines()
    assert error.startswith("error:")
    assert "did you mean slsa/v2alpha4?" in error
    assert warning.startswith("warning:")
    assert "did you mean builder.id?" in warning


def test_warnings_fail_only_where_that_is_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD + "  builder.idd: x\n")
    assert chains("config", "check", path).returncode == 0
    strict = chains("config", "check", path, "--strict", "-o", "json")
    assert strict.returncode == 1
    assert [row["grade"] for row in json.loads(strict.stdout)] == ["warning"]


def test_the_file_of_the_installation_is_accepted() -> None:
    assert chains("config", "check", ROOT / "config" / "settings" / "chains-config.yaml").returncode == 0


def test_what_is_no_configmap_gets_one_sentence(tmp_path: Path) -> None:
    assert "quote its value" in refused(chains("config", "check", write(tmp_path, GOOD + "  builder.id: 7\n")))
    assert "holds no ConfigMaps" in refused(chains("config", "check", write(tmp_path, "kind: Secret\n")))
    assert "name a file" in refused(chains("config", "check"))
