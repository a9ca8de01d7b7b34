"""Values of parameters and results, typed by their JSON shape as Tekton's API types them."""

from typing import TypeAlias

import msgspec


class JsonText(str):
    """A value that was neither a string, a list of strings nor an object of strings: its raw JSON text."""

    __slots__ = ()


Value: TypeAlias = str | tuple[str, ...] | dict[str, str]

_STRINGS = msgspec.json.Decoder(list[str | None])
_OBJECT = msgspec.json.Decoder(dict[str, str | None])
_TEXT = msgspec.json.Decoder(str | None)


def read_value(raw: msgspec.Raw) -> Value:
    """Read one value from its JSON text; anything of another shape is kept as `JsonText`."""
    text = bytes(raw)
    if not text:
        return ""
    try:
        if text.startswith(b"["):
            return tuple(item or "" for item in _STRINGS.decode(text))
        if text.startswith(b"{"):
            return {key: item or "" for key, item in _OBJECT.decode(text).items()}
        return _TEXT.decode(text) or ""
    except msgspec.ValidationError:
        return JsonText(text.decode())
