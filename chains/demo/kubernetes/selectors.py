"""Label and field selectors, as lists and watches take them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from chains.demo.kubernetes.objects import Version, lookup
from chains.demo.kubernetes.status import bad_request

_KEY = r"(?P<key>[A-Za-z0-9](?:[A-Za-z0-9_./-]*[A-Za-z0-9])?)"
_FORMS = (
    re.compile(rf"{_KEY}\s*(?P<operator>==|=|!=)\s*(?P<values>[A-Za-z0-9_.-]*)"),
    re.compile(rf"{_KEY}\s+(?P<operator>in|notin)\s*\(\s*(?P<values>[A-Za-z0-9_.\s,-]*)\)"),
    re.compile(rf"{_KEY}\s*(?P<operator>[<>])\s*(?P<values>-?\d+)"),
    re.compile(rf"(?P<operator>!?)\s*{_KEY}"),
)
_EXISTS = {"": "exists", "!": "absent"}
_PIECES = re.compile(r"(?:[^,(]|\([^)]*\)?)+")
_FIELD = re.compile(r"\s*(?P<path>[^=!,\s]+)\s*(?P<operator>==|=|!=)\s*(?P<value>(?:[^\\,]|\\.)*)")


@dataclass(frozen=True, slots=True)
class Requirement:
    """What one label or field must be; without values it must be there, or not."""

    key: str
    operator: str
    values: frozenset[str] = frozenset()

    def admits(self, value: str | None) -> bool:
        """Check a value, None when the label is not there."""
        if self.operator in ("=", "==", "in"):
            return value in self.values
        if self.operator in ("!=", "notin"):
            return value not in self.values
        if self.operator in ("<", ">"):
            return self._compares(value)
        return (value is not None) == (self.operator == "exists")

    def _compares(self, value: str | None) -> bool:
        if value is None or not re.fullmatch(r"-?\d+", value, re.ASCII):
            return False
        (bound,) = self.values
        return int(value) > int(bound) if self.operator == ">" else int(value) < int(bound)


@dataclass(frozen=True, slots=True)
class Selector:
    """Which objects are meant; the empty selector means all."""

    labels: tuple[Requirement, ...] = ()
    fields: tuple[Requirement, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.labels or self.fields)

    def matches(self, version: Version) -> bool:
        return all(each.admits(version.labels.get(each.key)) for each in self.labels) and self._fields_match(version)

    def _fields_match(self, version: Version) -> bool:
        found = None
        for each in self.fields:
            if each.key == "metadata.name":
                value = version.name
            elif each.key == "metadata.namespace":
                value = version.namespace
            else:
                found = found or version.object
                value = _text(lookup(found, each.key))
            if not each.admits(value):
                return False
        return True


def parse_selector(query: Mapping[str, str]) -> Selector:
    """Read `labelSelector` and `fieldSelector` of a request."""
    return Selector(_labels(query.get("labelSelector", "")), _fields(query.get("fieldSelector", "")))


def _labels(text: str) -> tuple[Requirement, ...]:
    pieces = (piece.strip() for piece in _PIECES.findall(text))
    return tuple(_requirement(piece) for piece in pieces if piece)


def _requirement(piece: str) -> Requirement:
    for form in _FORMS:
        match = form.fullmatch(piece)
        if match is None:
            continue
        operator = match["operator"]
        if operator in _EXISTS:
            return Requirement(match["key"], _EXISTS[operator])
        values = match["values"].split(",") if operator in ("in", "notin") else [match["values"]]
        return Requirement(match["key"], operator, frozenset(value.strip() for value in values))
    raise bad_request(f"unable to parse requirement: {piece!r} is no label selector")


def _fields(text: str) -> tuple[Requirement, ...]:
    found = []
    rest = text
    while rest:
        match = _FIELD.match(rest)
        if match is None:
            raise bad_request(f"invalid selector: '{text}'; can't understand '{rest}'")
        value = re.sub(r"\\(.)", r"\1", match["value"])
        found.append(Requirement(match["path"], match["operator"], frozenset({value})))
        rest = rest[match.end() :].removeprefix(",")
    return tuple(found)


def _text(value: object) -> str:
    """A field as selectors see it: what is absent is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
