"""Runs as people name them, the same in every command: `taskrun/build-1`, `pipelinerun build-1`, `builds/build-1`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chains.artifacts.reference import shown
from chains.config.nearest import closest
from chains.errors import InputError
from chains.runs.run import KINDS

METAVAR = "[KIND/][NAMESPACE/]NAME"
_LIKENESS = 0.85
# As kubectl takes them, in any case.
_SPELLINGS = {
    f"{kind.lower()}{ending}{group}": kind for kind in KINDS for ending in ("", "s") for group in ("", ".tekton.dev")
}


@dataclass(frozen=True, slots=True)
class RunName:
    """Which run is meant; `guessed` is the kind that a namespace looks like, empty where it looks like none."""

    kind: str
    namespace: str
    name: str
    guessed: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"

    def missing(self) -> InputError:
        """Return the error that says that there is no such run."""
        plural = f"{self.kind.lower()}s"
        near = (
            f"did you mean {self.guessed.lower()}/{self.name}?"
            if self.guessed
            else f"kubectl get {plural} -A lists all"
        )
        return InputError(f"there is no {self}; {near}")


def kind_of(word: str) -> str:
    """Return the kind that a word names, empty where it names none."""
    return _SPELLINGS.get(word.lower(), "")


def near_kind(word: str) -> str:
    """Return the kind that a misspelt word must mean, empty where it means none."""
    return "" if kind_of(word) else kind_of(closest(word.lower(), map(str.lower, KINDS), _LIKENESS))


def read_run_names(words: Sequence[str], namespace: str, kind: str = KINDS[0]) -> tuple[RunName, ...]:
    """Read runs off the command line; a kind as a word of its own is that of the names behind it.

    `namespace` and `kind` are for names that have none. Raises InputError.
    """
    return tuple(_read(words, namespace, kind))


def _read(words: Sequence[str], namespace: str, kind: str) -> Iterator[RunName]:
    for at, word in enumerate(words):
        if kind_of(word) and at + 1 < len(words):
            kind = kind_of(word)
        else:
            yield _named(word, namespace, kind)


def _named(word: str, namespace: str, kind: str) -> RunName:
    head, *rest = word.split("/")
    if rest and kind_of(head):
        kind = kind_of(head)
        head, *rest = rest
    if not head or len(rest) > 1 or not all(rest):
        raise InputError(
            f"{shown(word)} names no run: write NAME, taskrun/NAME or pipelinerun/NAME, with NAMESPACE/ before NAME "
            "where it is another than that of -n"
        )
    return RunName(kind, head, rest[0], near_kind(head)) if rest else RunName(kind, namespace, head)
