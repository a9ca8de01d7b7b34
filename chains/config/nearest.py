"""The name that was meant, where a name is not known."""

import difflib
from collections.abc import Iterable


def nearest(text: str, names: Iterable[str]) -> str:
    """Return `: did you mean X?` for the name that looks most like the text, empty where none does."""
    near = difflib.get_close_matches(text.strip(), [name for name in names if name], n=1)
    return f": did you mean {near[0]}?" if near else ""
