"""The command blocks of the documents."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(page: str) -> list[str]:
    """Return what a page of the repository gives its readers to type, block by block."""
    return [text for kind, text in _BLOCK.findall((ROOT / page).read_text()) if kind in ("", "bash")]


def named_tests(page: str) -> set[str]:
    """Return the tests that a page names, as `tests/file.py::test_name`."""
    return set(re.findall(r"`(tests/[\w/]+\.py::\w+)`", (ROOT / page).read_text()))


def exists(test: str) -> bool:
    """Whether there is a test of that name."""
    path, _, name = test.partition("::")
    file = ROOT / path
    return file.is_file() and re.search(rf"^(?:async )?def {name}\(", file.read_text(), re.MULTILINE) is not None
