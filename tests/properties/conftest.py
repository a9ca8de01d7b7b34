"""How many examples: few by default, many with `--hypothesis-profile=long` or HYPOTHESIS_PROFILE=long."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

FEW, MANY = 60, 100_000
HERE = Path(__file__).parent

settings.register_profile("few", max_examples=FEW, deadline=None, derandomize=True, database=None)
settings.register_profile(
    "long", max_examples=MANY, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
if "HYPOTHESIS_PROFILE" in os.environ:
    settings.load_profile(os.environ["HYPOTHESIS_PROFILE"])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let a long profile take its time; what each test asks of a run is bounded all the same."""
    if settings.get_current_profile_name() == "long":
        for item in items:
            if HERE in item.path.parents:
                item.add_marker(pytest.mark.timeout(0))
