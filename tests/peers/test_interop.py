"""What docs/interop.md says of every verifier is what the verifiers say."""

from pathlib import Path

import pytest

from tests.peers.interop import YES, cell, page
from tests.peers.matrix import COLUMNS, NEIGHBOURS, verdicts

# Some hundred runs of programs: under a minute on two idle cores, and longer beside other work.
pytestmark = [pytest.mark.peers, pytest.mark.timeout(600)]

PAGE = Path(__file__).parents[2] / "docs" / "interop.md"


async def test_every_verifier_says_what_the_page_says_and_both_encodings_satisfy_all(tmp_path):
    found = await verdicts(tmp_path)

    assert page(found) == PAGE.read_text(), "the page is not what the verifiers say: `make interop` writes it anew"
    for log in ("off", "v1"):
        for neighbour in NEIGHBOURS:
            said = {column: cell(found, "both", log, neighbour, column) for column in COLUMNS}
            assert said == dict.fromkeys(COLUMNS, YES)
    for setting in (("dsse", "off"), ("sigstore-bundle", "v1"), ("both", "v2")):
        assert cell(found, *setting, "nobody", ("chains", "signature")) == YES
