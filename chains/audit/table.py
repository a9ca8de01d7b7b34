"""The report as a table for a terminal, or for a pipe."""

from collections.abc import Iterator
from dataclasses import dataclass

from chains.audit.report import Report
from chains.audit.text import printable
from chains.audit.verdict import Entry, Verdict, tone_of

_COLOURS = {"good": "32", "bad": "31", "unknown": "33", "neutral": "2"}
_NARROWEST = 24


@dataclass(frozen=True, slots=True)
class Look:
    """How wide the table may be, 0 for any width, and whether it has colours."""

    width: int = 0
    colours: bool = False


def as_table(report: Report, look: Look) -> str:
    """Return one row an entry, the reasons below the row, and the sentence at the end."""
    widest = max(len(verdict) for verdict in Verdict)
    lines = []
    for entry in report.entries:
        first, *more = _named(entry, widest + 2, look)
        lines.append(f"{_painted(f'{entry.verdict:{widest}}', entry, look)}  {first}")
        lines.extend(f"{' ' * widest}  {line}" for line in more)
        lines.extend(f"{' ' * widest}  - {line}" for why in entry.why for line in _wrapped(why, widest + 4, look))
    counts = ", ".join(f"{count} {verdict}" for verdict, count in report.counts.items())
    notes = [printable(f"Note: {note}") for note in report.notes]
    return "\n".join([*lines, "", *notes, f"{report.sentence} ({counts})", ""])


def _named(entry: Entry, indent: int, look: Look) -> Iterator[str]:
    """Yield the name in pieces that fit; a name is broken, never cut: it is copied, and its digest tells it apart."""
    of_run = "" if entry.run is None or entry.name == str(entry.run.key) else str(entry.run.key)
    name = printable(entry.name).replace("\n", "\\n")
    shown = printable(of_run).replace("\n", "\\n")
    room = max(look.width - indent, _NARROWEST)
    whole = f"{shown}  {name}" if shown else name
    if not look.width or len(whole) <= room:
        yield whole
        return
    yield from (piece for text in (shown, name) if text for piece in _broken(text, room))


def _broken(text: str, room: int) -> Iterator[str]:
    """Break what is too long before its digest, and there only: a terminal wraps the rest itself."""
    head, at, digest = text.rpartition("@")
    yield from (head, f"@{digest}") if at and head and len(text) > room else (text,)


def _painted(text: str, entry: Entry, look: Look) -> str:
    return f"\x1b[{_COLOURS[tone_of(entry.verdict)]}m{text}\x1b[0m" if look.colours else text


def _wrapped(text: str, indent: int, look: Look) -> Iterator[str]:
    room = max(look.width - indent, _NARROWEST) if look.width else 0
    line = ""
    for word in printable(" ".join(text.split())).split(" "):
        if room and line and len(line) + 1 + len(word) > room:
            yield line
            line = f"  {word}"
        else:
            line = f"{line} {word}" if line else word
    yield line
