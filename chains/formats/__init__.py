"""How a run is put into words: the table of formats, under our names and Tekton's."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from chains.artifacts.reference import Artifact
from chains.artifacts.subjects import read_subjects
from chains.errors import InputError
from chains.formats import slsa_v0_2, slsa_v1_0
from chains.formats.statement import Wording
from chains.runs.family import Family


@dataclass(frozen=True, slots=True)
class Format:
    """A named way to make an attestation: its predicate type, how it reads subjects, how it writes the statement."""

    predicate_type: str
    subjects: Callable[[Family, bool], tuple[Artifact, ...]]
    write: Callable[[Family, Sequence[Artifact], Wording], bytes]


SLSA_V0_2 = Format(slsa_v0_2.PREDICATE_TYPE, read_subjects, slsa_v0_2.write_provenance)
V2ALPHA3 = Format(slsa_v1_0.PREDICATE_TYPE, read_subjects, slsa_v1_0.write_v2alpha3)
V2ALPHA4 = Format(slsa_v1_0.PREDICATE_TYPE, slsa_v1_0.read_v2alpha4_subjects, slsa_v1_0.write_v2alpha4)

FORMATS: Mapping[str, Format] = {
    "in-toto": SLSA_V0_2,
    "slsa/v1": SLSA_V0_2,
    "slsa/v0.2": SLSA_V0_2,
    "slsa/v2alpha3": V2ALPHA3,
    "slsa/v2alpha4": V2ALPHA4,
    "slsa/v1.0": V2ALPHA4,
}


def named_format(name: str) -> Format:
    """Return the format of that name; raise InputError when there is none."""
    if name not in FORMATS:
        raise InputError(f"there is no format {name}: use one of {', '.join(FORMATS)}")
    return FORMATS[name]
