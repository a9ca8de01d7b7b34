"""Statements that every reader reads alike."""

import json

from chains.artifacts.reference import shown
from chains.errors import InputError, VerificationError


def unambiguous(statement: bytes) -> str:
    """Return a statement's text; raise VerificationError where a member comes twice, InputError for what is no JSON.

    Of members of one name some readers take the first and some the last: a policy might judge what nobody else reads.
    """
    try:
        text = statement.decode()
        json.loads(text, object_pairs_hook=_once_each)
    except (ValueError, RecursionError) as error:
        raise InputError(f"the statement is no JSON object: {error}") from error
    return text


def _once_each(members: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(members)
    if len(found) < len(members):
        names = [name for name, _ in members]
        twice = next(name for name in names if names.count(name) > 1)
        raise VerificationError(f"the statement has the member {shown(twice)} twice in one object: no policy judges it")
    return found
