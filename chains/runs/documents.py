"""Kubernetes objects from the text of a file: YAML or JSON, several documents, or a List."""

import math
from collections.abc import Iterator
from typing import Any

import msgspec
import yaml

from chains.errors import InputError
from chains.runs.yaml_bounds import check_bounds

_KNOWN = tuple(f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float", "str", "seq", "map"))
_MERGE = "tag:yaml.org,2002:merge"
_LONGEST_NUMBER = 1024


class _Loader(yaml.CSafeLoader):
    """YAML as Kubernetes reads it: what JSON has; a time is a string, and so is the name of a member."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        return {_member(name): value for name, value in super().construct_mapping(node, deep).items()}


def _member(name: object) -> str:
    if isinstance(name, bool):
        return str(name).lower()
    if isinstance(name, str | int):
        return str(name)
    raise ValueError(f"the name of a member is {str(name)[:40]!a}, and no string")


def _integer(loader: _Loader, node: yaml.ScalarNode) -> int:
    if len(node.value) > _LONGEST_NUMBER:
        raise ValueError(f"a number has more than {_LONGEST_NUMBER} digits")
    return int(loader.construct_yaml_int(node))


def _number(loader: _Loader, node: yaml.ScalarNode) -> float:
    value = float(loader.construct_yaml_float(node))
    if not math.isfinite(value):
        raise ValueError(f"{node.value[:40]!a} is no number that JSON has")
    return value


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag in (*_KNOWN, _MERGE)]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
_Loader.yaml_constructors = {tag: yaml.CSafeLoader.yaml_constructors[tag] for tag in (*_KNOWN, None)} | {
    "tag:yaml.org,2002:int": _integer,
    "tag:yaml.org,2002:float": _number,
}


def read_documents(text: bytes) -> Iterator[dict[str, Any]]:
    """Yield the objects of a text, those of a List one by one; raise InputError where it is neither YAML nor JSON."""
    for document in _documents(text):
        if not isinstance(document, dict):
            raise InputError(f"a document is of type {type(document).__name__}, and no Kubernetes object")
        if str(document.get("kind", "")).endswith("List") and isinstance(document.get("items"), list):
            yield from (item for item in document["items"] if isinstance(item, dict))
        else:
            yield document


def _documents(text: bytes) -> list[Any]:
    try:
        if text.lstrip().startswith(b"{"):
            return [msgspec.json.decode(text)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass  # several JSON documents in one text are YAML's to read, as is what only looks like JSON
    try:
        check_bounds(yaml.parse(text, _Loader))
        return [document for document in yaml.load_all(text, _Loader) if document is not None]
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(f"this is neither YAML nor JSON: {_told(error)}") from error
    except LookupError as error:
        raise InputError("this is neither YAML nor JSON: a value is not of the type that its tag names") from error


def _told(error: Exception) -> str:
    """Return a reader's complaint as one line, without the name it gives to a text that is no file."""
    return " ".join(str(error).split()).replace('in "<byte string>",', "at")
