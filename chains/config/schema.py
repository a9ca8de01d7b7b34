"""The table of keys as a JSON Schema of the ConfigMap, for editors and admission."""

from typing import Any

import msgspec

from chains.config.config import IGNORED
from chains.config.keys import KEYS, Key

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def write_schema() -> str:
    """Return the schema as text; it says less than `read_config`, and refuses nothing that is accepted there."""
    return msgspec.json.format(msgspec.json.encode(_schema()), indent=2).decode() + "\n"


def _schema() -> dict[str, Any]:
    settings = {key.name: _property(key) for key in KEYS} | {name: {"type": "string"} for name in sorted(IGNORED)}
    return {
        "$schema": DIALECT,
        "title": "The ConfigMap chains-config",
        "type": "object",
        "required": ["apiVersion", "kind"],
        "properties": {
            "apiVersion": {"const": "v1"},
            "kind": {"const": "ConfigMap"},
            "metadata": {"type": "object"},
            "data": {"type": ["object", "null"], "properties": settings, "additionalProperties": False},
        },
    }


def _property(key: Key) -> dict[str, Any]:
    check = key.check
    taken: dict[str, Any] = {"enum": list(check.choices)} if check.choices else {}
    if check.pattern and not check.choices:
        taken = {"pattern": f"^(?:{check.pattern})$"}
    built = "" if key.built else " (known, and not built yet)"
    return {"type": "string", "description": key.meaning + built, "default": key.default, **taken}
