"""The command blocks of the documents."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(page: str) -> list[str]:
    """Return what a page of the repository gives its readers to type, block by block."""
    return [text for kind, text in _BLOCK.findall((ROOT / page).read_text()) if kind in ("", "bash")]


def section(page: str, heading: str) -> list[str]:
    """Return every block, of whatever kind, below one heading of a page."""
    text = (ROOT / page).read_text()
    begin = text.index(f"\n## {heading}\n") + 1
    end = text.find("\n## ", begin)
    return [block for _, block in _BLOCK.findall(text[begin : end if end > 0 else len(text)])]


def named_tests(page: str) -> set[str]:
    """Return the tests that a page names, as `tests/file.py::test_name`."""
    return set(re.findall(r"`(tests/[\w/]+\.py::\w+)`", (ROOT / page).read_text()))


def exists(test: str) -> bool:
    """Whether there is a test of that name."""
    path, _, name = test.partition("::")
    file = ROOT / path
    return file.is_file() and re.search(rf"^(?:async )?def {name}\(", file.read_text(), re.MULTILINE) is not None
