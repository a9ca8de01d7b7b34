"""The flags that we know cosign by are those that it lists."""

import json
import re
from pathlib import Path

import pytest

from tests.peers.cosign import Cosign, both_cosigns

pytestmark = [pytest.mark.peers, both_cosigns]
KNOWN = json.loads((Path(__file__).parents[1] / "verify" / "captures" / "flags.json").read_text())


async def test_each_command_of_cosigns_has_the_flags_that_are_recorded(cosign_name: str, tmp_path: Path) -> None:
    cosign = Cosign(cosign_name, tmp_path)
    for name, flags in KNOWN[cosign_name].items():
        shown = await cosign.call(*name.split(), "--help")
        found = re.findall(r"^\s+(?:(-\w), )?(--[\w-]+)=", shown.out.decode(), re.MULTILINE)
        assert sorted({flag for pair in found for flag in pair if flag}) == flags, name
