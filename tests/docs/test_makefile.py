"""`make help` lists every target there is, and says it first."""

import re
import subprocess

from tests.docs.blocks import ROOT


def said(*targets: str) -> str:
    return subprocess.run(
        ["make", "--no-print-directory", *targets], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout


def test_every_target_has_its_line_and_plain_make_shows_them() -> None:
    makefile = (ROOT / "Makefile").read_text()
    (phony,) = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    told = re.findall(r"^  make (\w+) +\S", said("help"), re.MULTILINE)
    assert sorted(told) == sorted(phony.split())
    assert sorted(told) == sorted(re.findall(r"^([a-z0-9]+):", makefile, re.MULTILINE))
    assert said() == said("help")
