"""Kubernetes objects from the text of a file: YAML or JSON, several documents, or a List."""

from collections.abc import Iterator
from typing import Any

import msgspec
import yaml

from chains.errors import InputError

_TIME = "tag:yaml.org,2002:timestamp"


class _Loader(yaml.CSafeLoader):
    """YAML as Kubernetes reads it: a time is a string."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIME]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
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
        return [document for document in yaml.load_all(text, _Loader) if document is not None]
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise InputError(f"this is neither YAML nor JSON: {' '.join(str(error).split())}") from error
