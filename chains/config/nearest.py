"""The name that was meant, where a name is not known."""

import difflib
from collections.abc import Iterable


def nearest(text: str, names: Iterable[str]) -> str:
    """Return `: did you mean X?` for the name that looks most like the text, empty where none does."""
    near = closest(text, names)
    return f": did you mean {near}?" if near else ""


def closest(text: str, names: Iterable[str], likeness: float = 0.6) -> str:
    """Return the name that looks most like the text, empty where none is as alike as that, 1.0 being the same."""
    near = difflib.get_close_matches(text.strip(), [name for name in names if name], n=1, cutoff=likeness)
    return near[0] if near else ""
