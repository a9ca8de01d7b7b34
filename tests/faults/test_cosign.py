"""A real cosign beside two controllers."""

from pathlib import Path

import pytest

from tests.faults.cosign_beside import beside_cosign


@pytest.mark.peers
async def test_64_attestations_of_one_digest_are_kept_beside_a_loop_of_cosign_attest(tmp_path: Path) -> None:
    found = await beside_cosign(tmp_path)
    assert not found.findings, found.findings
