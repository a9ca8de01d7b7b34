"""HTML out of values: whatever is no markup of ours is text, and stays text."""

from html import escape
from itertools import chain
from typing import TypeAlias

from chains.audit.text import printable


class Markup(str):
    """Text that is HTML already, made here and nowhere else."""

    __slots__ = ()


Child: TypeAlias = str | Markup | None
VOID = frozenset({"meta", "rect", "br"})


def tag(name: str, /, *children: Child | list[Markup] | tuple[Markup, ...], **attributes: str) -> Markup:
    """Return an element; its attributes may end in an underscore, and have hyphens for underscores within."""
    shown = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(printable(value))}"' for key, value in attributes.items()
    )
    if name in VOID:
        return Markup(f"<{name}{shown}>" if name != "rect" else f"<{name}{shown}/>")
    return Markup(f"<{name}{shown}>{together(*children)}</{name}>")


def together(*children: Child | list[Markup] | tuple[Markup, ...]) -> Markup:
    """Return children one after the other; None is nothing."""
    flat = chain.from_iterable(child if isinstance(child, list | tuple) else (child,) for child in children)
    return Markup("".join(_shown(child) for child in flat if child is not None))


def _shown(child: str) -> str:
    return child if isinstance(child, Markup) else escape(printable(child))
