"""The JSON Schema says what the table of keys says."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from chains.config.keys import KEYS, Key
from chains.config.schema import write_schema
from chains.errors import InputError

WRITTEN = Path(__file__).resolve().parents[2] / "docs" / "chains-config.schema.json"
TEXTS = (
    "",
    "true",
    "T",
    "yes",
    "oci",
    "oci, tekton",
    "oci,",
    " oci",
    "slsa/v1",
    "both",
    "30s",
    "5d",
    "all",
    "2",
    "none",
)
URLS = ("https://rekor.example.com/api", "http://localhost:3000", "https://", "https://u@h", "ftp://h", "warnings")


def config_map(**entries: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "chains-config"}, "data": entries}


def accepts(found: object) -> bool:
    return bool(Draft202012Validator(json.loads(write_schema())).is_valid(found))


def is_read(key: Key, text: str) -> bool:
    try:
        key.check.read(text)
    except InputError:
        return False
    return True


def test_the_file_is_the_one_of_this_table() -> None:
    assert WRITTEN.read_text() == write_schema(), "run make docs"
    Draft202012Validator.check_schema(json.loads(write_schema()))


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_the_schema_takes_every_text_that_is_accepted(key: Key) -> None:
    for text in (key.default, *TEXTS, *URLS):
        if is_read(key, text):
            assert accepts(config_map(**{key.name: text})), (key.name, text)


@pytest.mark.parametrize("key", [key for key in KEYS if key.check.pattern])
def test_the_schema_refuses_what_is_not_accepted(key: Key) -> None:
    refused = [text for text in (*TEXTS, *URLS) if not is_read(key, text)]
    assert refused
    assert not any(accepts(config_map(**{key.name: text})) for text in refused)


def test_an_unknown_key_is_refused_and_an_empty_map_is_fine() -> None:
    assert not accepts(config_map(**{"artifacts.taskrun.fromat": "slsa/v1"}))
    assert accepts({"apiVersion": "v1", "kind": "ConfigMap"})
