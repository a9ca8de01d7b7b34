"""What the embedded Kubernetes API promises, the real one keeps: the contract suite, held against it."""

import os
import subprocess
import sys

import pytest

from tests.e2e.control_plane import ADMIN, ROOT, ControlPlane

pytestmark = pytest.mark.e2e


@pytest.mark.timeout(400)
def test_the_kubernetes_contract_holds_for_a_real_api_server(plane: ControlPlane) -> None:
    where = {
        "CHAINS_KUBERNETES_URL": plane.url,
        "CHAINS_KUBERNETES_TOKEN": ADMIN,
        "CHAINS_KUBERNETES_CA": str(plane.ca_file),
    }
    command = (sys.executable, "-m", "pytest", "tests/kubernetes_contract", "-p", "no:cacheprovider")
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **where}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
