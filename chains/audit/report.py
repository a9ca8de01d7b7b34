"""The report: everything that was audited, in order, and how it ended."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from chains.audit.judge import Key
from chains.audit.verdict import BAD, NEUTRAL, Entry, Verdict


@dataclass(frozen=True, slots=True)
class Report:
    """An audit: when it was made and with what, what was asked, and an entry for everything in its scope.

    `notes` say what else a reader must know of it, such as what was left out.
    """

    moment: datetime
    version: str
    scope: tuple[str, ...]
    keys: tuple[Key, ...]
    asked: tuple[str, ...]
    types: tuple[str, ...]
    log_checked: bool
    entries: tuple[Entry, ...]
    notes: tuple[str, ...] = ()

    @property
    def counts(self) -> Mapping[Verdict, int]:
        """How often each verdict was passed, in the order of their definition; those that never were are left out."""
        counted = Counter(entry.verdict for entry in self.entries)
        return {verdict: counted[verdict] for verdict in Verdict if counted[verdict]}

    @property
    def judged(self) -> tuple[Entry, ...]:
        """The entries that there was something to judge of."""
        return tuple(entry for entry in self.entries if entry.verdict not in NEUTRAL)

    @property
    def by_urgency(self) -> tuple[Entry, ...]:
        """The entries that there was something to judge of: the bad first, then the unknown, then the good."""
        urgency = dict.fromkeys(BAD, 0) | {Verdict.UNKNOWN: 1}
        return tuple(sorted(self.judged, key=lambda entry: urgency.get(entry.verdict, 2)))

    @property
    def bad(self) -> int:
        """How many are not as they should be."""
        return sum(entry.verdict in BAD for entry in self.entries)

    @property
    def unknown(self) -> int:
        """How many could not be judged."""
        return sum(entry.verdict is Verdict.UNKNOWN for entry in self.entries)

    @property
    def sentence(self) -> str:
        """The whole audit in one sentence."""
        many = len(self.judged)
        if not many:
            return "There was nothing to verify."
        good = many - self.bad - self.unknown
        if good == many:
            return f"All {many} verified." if many > 1 else "It verified."
        told = [f"{good} of {many} verified", f"{self.bad} did not" if self.bad else ""]
        told.append(f"{self.unknown} could not be judged" if self.unknown else "")
        return ", ".join(filter(None, told)) + "."


def moment_text(moment: datetime) -> str:
    """Return a moment as the reports write it."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
