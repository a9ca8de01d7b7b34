"""WWW-Authenticate: what a registry asks of whoever wants in (RFC 9110, distribution's token scheme)."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_WORD = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_PARAMETER = re.compile(rf'\s*({_WORD})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))\s*(?:,|$)')
_SCHEME = re.compile(rf"[\s,]*({_WORD})(?:\s+|,|$)")
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Challenge:
    """One challenge that can be met: `basic`, or a bearer token of `realm`; `scope` as the registry named it."""

    basic: bool
    realm: str = ""
    service: str = ""
    scope: str = ""


def challenge_in(headers: Iterable[str]) -> Challenge | None:
    """Return the challenge to meet, bearer before basic, or None when there is none that we know."""
    found = [challenge for header in headers for challenge in _challenges(header)]
    for scheme, parameters in found:
        if scheme == "bearer" and parameters.get("realm"):
            return Challenge(False, parameters["realm"], parameters.get("service", ""), parameters.get("scope", ""))
    if any(scheme == "basic" for scheme, _ in found):
        return Challenge(True)
    return None


def _challenges(header: str) -> Iterator[tuple[str, dict[str, str]]]:
    position = 0
    while start := _SCHEME.match(header, position):
        position = start.end()
        parameters: dict[str, str] = {}
        while parameter := _PARAMETER.match(header, position):
            name, quoted, bare = parameter.groups()
            parameters[name.lower()] = bare if quoted is None else _ESCAPED.sub(r"\1", quoted)
            position = parameter.end()
        yield start[1].lower(), parameters
