"""Reading what clients send: JSON, YAML and protobuf."""

import msgspec
import yaml
from aiohttp import web

from chains.demo.kubernetes.objects import Object, decode_any
from chains.demo.kubernetes.protobuf import read_protobuf
from chains.demo.kubernetes.status import bad_request, body_too_large, unsupported_media_type

BODY_LIMIT = 3 * 1024 * 1024
JSON, YAML, PROTOBUF = "application/json", "application/yaml", "application/vnd.kubernetes.protobuf"


class _Loader(yaml.CSafeLoader):
    """YAML with the types of JSON: a time stays text."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - the library's own way to set them
        first: [(tag, form) for tag, form in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


async def read_body(request: web.Request) -> bytes:
    """Read a body whole; raise a 413 when it is longer than an API server takes."""
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise body_too_large(BODY_LIMIT) from error


async def read_object(request: web.Request) -> Object:
    """Read an object that is to be created or replaced."""
    return _read(request, await read_body(request))


async def read_optional(request: web.Request) -> Object:
    """Read DeleteOptions; no body means none."""
    body = await read_body(request)
    if not body:
        return {}
    return _read(request, body)


def _read(request: web.Request, body: bytes) -> Object:
    media = media_type(request)
    found = read_protobuf(body) if media == PROTOBUF else read_document(media or JSON, body)
    if not isinstance(found, dict):
        raise bad_request("the body of the request must be an object")
    return found


def media_type(request: web.Request) -> str:
    """Return the media type of a body without its parameters, empty when none was given."""
    return request.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def read_document(media: str, body: bytes) -> object:
    """Parse JSON or YAML."""
    try:
        if media == JSON:
            return decode_any(body)
        if media == YAML:
            return yaml.load(body, _Loader)  # noqa: S506 - a safe loader, of our own
    except msgspec.DecodeError as error:
        raise bad_request(f"the body of the request is not JSON: {error}") from error
    except yaml.YAMLError as error:
        raise bad_request(f"error decoding YAML: {error}") from error
    raise unsupported_media_type(media, (JSON, YAML, PROTOBUF))
