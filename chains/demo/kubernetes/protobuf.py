"""Objects as client-go and kubectl write them in protobuf, read into what they are in JSON."""

import base64
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from chains.demo.kubernetes.objects import Object, decode_any
from chains.demo.kubernetes.protobuf_messages import KINDS, MESSAGES
from chains.demo.kubernetes.status import StatusError, bad_request

MAGIC = b"k8s\0"
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_VARINT_LIMIT = 10
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Value = int | bytes


def read_protobuf(body: bytes) -> Object:
    """Read an object in its envelope; raise a BadRequest for what is none, a 415 for a kind that is not known here."""
    if not body.startswith(MAGIC):
        raise bad_request("provided data does not appear to be a protobuf message, expected prefix k8s\\0")
    try:
        envelope = dict(_fields(body[len(MAGIC) :]))
        named = dict(_fields(_octets(envelope.get(1, b""))))
        identity = _text(named.get(1, b"")), _text(named.get(2, b""))
        if identity not in KINDS:
            raise _unknown(*identity)
        api_version, kind = identity
        found = _message(_octets(envelope.get(2, b"")), KINDS[identity])
    except (IndexError, OverflowError, TypeError, ValueError, msgspec.DecodeError) as error:
        raise bad_request(f"the protobuf message cannot be read: {error}") from error
    return {"apiVersion": api_version, "kind": kind, **found}


def _unknown(api_version: str, kind: str) -> StatusError:
    message = f"protobuf is not read here for {kind!r} of {api_version!r}; send JSON"
    return StatusError(415, "UnsupportedMediaType", message)


def _message(body: bytes, name: str) -> Object:
    fields = MESSAGES[name]
    found: Object = {}
    for number, value in _fields(body):
        if number in fields:
            _add(found, *fields[number], value)
    return found


def _add(found: Object, name: str, form: str, value: Value) -> None:
    """Add one field as JSON has it: what is empty is left out, except in lists and maps."""
    shape, _, inner = form.partition(" ")
    if shape == "list":
        found.setdefault(name, []).append(_value(value, inner))
    elif shape == "map":
        pair = dict(_fields(_octets(value)))
        found.setdefault(name, {})[_text(pair.get(1, b""))] = _value(pair.get(2, b""), inner)
    else:
        read = _value(value, form)
        if read is False or read:
            found[name] = read


def _value(value: Value, form: str) -> Any:
    scalar = _SCALARS.get(form)
    return scalar(value) if scalar is not None else _message(_octets(value), form)


def _time(digits: str) -> Callable[[Value], str]:
    def read(value: Value) -> str:
        told = dict(_fields(_octets(value)))
        if not told:
            return ""
        since = timedelta(seconds=_number(told.get(1, 0)), microseconds=_number(told.get(2, 0)) // 1000)
        return (_EPOCH + since).strftime(f"%Y-%m-%dT%H:%M:%S{digits}Z")

    return read


def _number(value: Value) -> int:
    if not isinstance(value, int):
        raise TypeError("a message in place of a number")
    return value


def _octets(value: Value) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError("a number in place of a message")
    return value


def _text(value: Value) -> str:
    return _octets(value).decode()


def _fields_v1(value: Value) -> Any:
    raw = dict(_fields(_octets(value))).get(1, b"{}")
    return decode_any(_octets(raw))


def _fields(body: bytes) -> Iterator[tuple[int, Value]]:
    at = 0
    while at < len(body):
        tag, at = _varint(body, at)
        wire = tag & 7
        if wire == _VARINT:
            value, at = _varint(body, at)
            yield tag >> 3, value
            continue
        size = {_FIXED64: 8, _FIXED32: 4}.get(wire)
        if wire == _BYTES:
            size, at = _varint(body, at)
        if size is None or at + size > len(body):
            raise ValueError("a field that is cut or of an unknown kind")
        yield tag >> 3, body[at : at + size]
        at += size


def _varint(body: bytes, at: int) -> tuple[int, int]:
    value = 0
    for step in range(_VARINT_LIMIT):
        octet = body[at + step]
        value |= (octet & 0x7F) << (7 * step)
        if octet < 0x80:
            return value, at + step + 1
    raise ValueError("a number that does not end")


_SCALARS: Mapping[str, Callable[[Value], Any]] = {
    "string": _text,
    "bytes": lambda value: base64.b64encode(_octets(value)).decode(),
    "int": _number,
    "bool": bool,
    "time": _time(""),
    "microtime": _time(".%f"),
    "fieldsV1": _fields_v1,
}
