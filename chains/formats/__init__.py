"""How a run is put into words: the table of formats, under our names and Tekton's."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from chains.artifacts.reference import Artifact
from chains.artifacts.subjects import read_subjects
from chains.errors import InputError
from chains.formats import slsa_v0_2
from chains.formats.statement import Wording
from chains.runs.family import Family


@dataclass(frozen=True, slots=True)
class Format:
    """A named way to make an attestation: its predicate type, how it reads subjects, how it writes the statement."""

    predicate_type: str
    subjects: Callable[[Family, bool], tuple[Artifact, ...]]
    write: Callable[[Family, Sequence[Artifact], Wording], bytes]


SLSA_V0_2 = Format(slsa_v0_2.PREDICATE_TYPE, read_subjects, slsa_v0_2.write_provenance)

FORMATS: Mapping[str, Format] = {
    "in-toto": SLSA_V0_2,
    "slsa/v1": SLSA_V0_2,
    "slsa/v0.2": SLSA_V0_2,
}


def named_format(name: str) -> Format:
    """Return the format of that name; raise InputError for one that is not built."""
    if name not in FORMATS:
        raise InputError(f"the format {name} is not built yet: use one of {', '.join(FORMATS)}")
    return FORMATS[name]
