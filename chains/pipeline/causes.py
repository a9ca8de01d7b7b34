"""One cause for which a run is not signed as its owner wants it: how it shows in what is said, and what helps."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause: `shows` is searched in a sentence, `helps` is what to do, empty where the sentence says it.

    `RUN` in it stands for the run as kubectl and chains take it, `KIND` for its kind in the names of settings.
    """

    name: str
    shows: str
    helps: str = ""


def first_cause(sentence: str, causes: tuple[Cause, ...]) -> Cause | None:
    """Return the first of the causes that shows in a sentence."""
    return next((cause for cause in causes if re.search(cause.shows, sentence, re.IGNORECASE)), None)
