"""The members of each type, read from the tables.

A row names the members in the order in which Go writes them: `name:TYPE`, with `!` where the member is written even
when empty, or `<TYPE>` for the members of another type in this place. TYPE is `s` (string), `b` (boolean), `i`
(integer), `[]TYPE`, `{}TYPE` (a map from strings), `*TYPE` (a pointer: kept whenever present), a type with a form of
its own (`Quantity`, `Duration`, ...) or the name of a row.
"""

from dataclasses import dataclass
from functools import cache

from chains.errors import InputError
from chains.formats.typed import (
    types_core_claim,
    types_core_container,
    types_core_pod,
    types_core_volume,
    types_meta,
    types_tekton_pipeline,
    types_tekton_run,
    types_tekton_task,
)

TABLE = {
    **types_meta.TYPES,
    **types_core_container.TYPES,
    **types_core_pod.TYPES,
    **types_core_claim.TYPES,
    **types_core_volume.TYPES,
    **types_tekton_task.TYPES,
    **types_tekton_pipeline.TYPES,
    **types_tekton_run.TYPES,
}


@dataclass(frozen=True, slots=True)
class Member:
    """One member of an object: its name, its type in the tables' notation, whether it is written even when empty."""

    name: str
    type: str
    always: bool


@cache
def members_of(type_name: str) -> tuple[Member, ...]:
    """Return the members of a type in Go's order, those of inlined types in their place."""
    if type_name not in TABLE:
        raise InputError(f"no type {type_name} is known here: use one of the tables' names, such as tekton.TaskRunSpec")
    found: list[Member] = []
    for word in TABLE[type_name].split():
        if word.startswith("<"):
            found.extend(members_of(word[1:-1]))
        else:
            name, _, declared = word.partition(":")
            found.append(Member(name, declared.removesuffix("!"), declared.endswith("!")))
    return tuple(found)
