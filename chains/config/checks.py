"""What a setting's text may be; each check returns the value it stands for or raises InputError."""

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from chains.artifacts.reference import Repository, shown
from chains.config.nearest import nearest
from chains.errors import InputError

_DURATION = re.compile(r"([0-9]{1,6})(s|m|h)", re.ASCII)
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_TRUE = frozenset(("1", "t", "T", "TRUE", "true", "True"))
_FALSE = frozenset(("0", "f", "F", "FALSE", "false", "False"))


@dataclass(frozen=True, slots=True)
class Check:
    """How a setting is read: `accepts` is the sentence the reference prints, `unbuilt` the choices that come later.

    `pattern` is a regular expression (RE2's) that every accepted text matches as a whole, empty where any text may do;
    the cluster's admission policy refuses what does not. `choices` are all there are, where there are but a few.
    """

    accepts: str
    read: Callable[[str], object]
    unbuilt: frozenset[str] = frozenset()
    pattern: str = ""
    choices: tuple[str, ...] = ()


def one_of(*choices: str, unbuilt: tuple[str, ...] = ()) -> Check:
    """Accept exactly one of the choices."""

    def read(text: str) -> object:
        if text not in choices:
            raise InputError(f"{shown(text)} is none of {_named(choices)}{nearest(text, choices)}")
        return text

    return Check(_listed("one of", choices), read, frozenset(unbuilt), _either(choices), choices)


def any_of(*choices: str, unbuilt: tuple[str, ...] = ()) -> Check:
    """Accept a comma-separated set of the choices; the empty text is the empty set and switches off."""

    def read(text: str) -> object:
        items = [item.strip() for item in text.split(",")] if text else []
        for item in items:
            if item not in choices:
                raise InputError(f"{shown(item)} is none of {_named(choices)}{nearest(item, choices)}")
        return tuple(sorted(set(items)))

    item = rf"\s*{_either(choices)}\s*"
    return Check(_listed("empty, or any of", choices), read, frozenset(unbuilt), f"(?:{item}(?:,{item})*)?")


def flag() -> Check:
    """Accept a boolean as Go spells it."""

    def read(text: str) -> object:
        if text in _TRUE:
            return True
        if text in _FALSE:
            return False
        raise InputError(f"{shown(text)} is neither true nor false{nearest(text.lower(), ('true', 'false'))}")

    return Check(
        "`true` or `false`", read, pattern=_either(sorted(_TRUE | _FALSE)), choices=tuple(sorted(_TRUE | _FALSE))
    )


def text() -> Check:
    """Accept any text, verbatim."""
    return Check("any text", lambda given: given)


def names() -> Check:
    """Accept a comma-separated set of any names."""
    return Check(
        "names, comma-separated", lambda given: frozenset(n.strip() for n in given.split(",")) if given else frozenset()
    )


def duration() -> Check:
    """Accept a number of seconds, minutes or hours; the value is in seconds."""

    def read(given: str) -> object:
        match = _DURATION.fullmatch(given)
        if match is None:
            raise InputError(f"{shown(given)} is no time such as 30s, 10m or 24h")
        return int(match[1]) * _SECONDS[match[2]]

    return Check("a time such as `30s`, `10m` or `24h`", read, pattern=_DURATION.pattern)


def backfill() -> Check:
    """Accept `all`, `none`, or a time; the value is in seconds, without end for all."""
    within = duration()

    def read(given: str) -> object:
        if given in ("all", "none"):
            return math.inf if given == "all" else 0.0
        try:
            return within.read(given)
        except InputError:
            raise InputError(f"{shown(given)} is neither all nor none nor a time such as 24h") from None

    return Check("`all`, `none`, or a time such as `24h`", read, pattern=f"all|none|{_DURATION.pattern}")


def repository() -> Check:
    """Accept a repository, or nothing."""
    return Check("empty, or `registry/repository`", lambda given: Repository.parse(given) if given else None)


def web_address() -> Check:
    """Accept an http or https URL; a slash at its end is dropped."""

    def read(given: str) -> object:
        try:
            url = urlsplit(given)
            usable = url.scheme in ("http", "https") and bool(url.hostname) and not (url.query or url.fragment)
        except ValueError:
            usable = False
        if not usable or not given.isascii() or not given.isprintable() or " " in given or "@" in given:
            raise InputError(f"{shown(given)} is no http or https URL")
        return given.rstrip("/")

    return Check("an `http` or `https` URL", read, pattern=r"[Hh][Tt][Tt][Pp][Ss]?://[^@\s?#]+[?#]*")


def _either(choices: Iterable[str]) -> str:
    return f"(?:{'|'.join(map(re.escape, choices))})"


def _named(choices: tuple[str, ...]) -> str:
    return ", ".join(choice or "nothing" for choice in choices)


def _listed(lead: str, choices: tuple[str, ...]) -> str:
    return f"{lead} " + ", ".join(f"`{choice}`" if choice else "empty" for choice in choices)
