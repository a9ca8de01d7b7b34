"""One real control plane for all of these tests, with exactly what `config/` ships applied to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.cluster import E2eCluster, install
from tests.e2e.control_plane import ControlPlane, control_plane


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A control plane that knows Tekton's runs."""
    with control_plane(tmp_path_factory.mktemp("plane"), patience=10, audited=True) as here:
        yield here


@pytest.fixture(scope="session")
def installed(plane: ControlPlane) -> Path:
    """The kubeconfig of the controller's service account, with everything that `config/` ships applied."""
    return install(plane)


@pytest.fixture
def cluster(plane: ControlPlane, installed: Path) -> Iterator[E2eCluster]:
    """The cluster, with a namespace of its own for this test's runs."""
    here = E2eCluster.open(plane, installed)
    yield here
    here.close()
