"""Reading and deleting blobs."""

import re

from aiohttp import web

from chains.demo.registry.call import Call
from chains.demo.registry.refusals import refused

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.ASCII)


async def read_blob(call: Call) -> web.Response:
    """Answer the blob or the range of it that is asked for."""
    digest = call.digest()
    found = call.storage.linked_blob(call.route.repository, digest)
    if found is None:
        raise refused(404, "BLOB_UNKNOWN", digest)
    canonical, content = found
    headers = {
        "Docker-Content-Digest": canonical,
        "Etag": f'"{canonical}"',
        "Cache-Control": "max-age=31536000",
        "Accept-Ranges": "bytes",
        "Content-Type": "application/octet-stream",
    }
    if call.request.headers.get("If-None-Match", "") == headers["Etag"]:
        del headers["Content-Type"], headers["Accept-Ranges"]
        return web.Response(status=304, headers=headers)
    asked = call.request.headers.get("Range", "")
    return _part(content, asked, headers) if asked else web.Response(body=content, headers=headers)


async def delete_blob(call: Call) -> web.Response:
    if not call.behaviour.deletes:
        raise refused(405, "UNSUPPORTED")
    if not call.storage.drop_blob(call.route.repository, call.digest()):
        raise refused(404, "BLOB_UNKNOWN")
    return web.Response(status=202)


def _part(content: bytes, asked: str, headers: dict[str, str]) -> web.Response:
    """Answer one range; several at once may be answered with the whole (RFC 9110, section 14.2)."""
    if "," in asked:
        return web.Response(body=content, headers=headers)
    size = len(content)
    first, last = _bounds(asked, size)
    if first is None:
        headers["Content-Range"] = f"bytes */{size}"
        headers["Content-Type"] = "text/plain; charset=utf-8"
        return web.Response(status=416, text="invalid range\n", headers=headers)
    headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    return web.Response(status=206, body=content[first : last + 1], headers=headers)


def _bounds(asked: str, size: int) -> tuple[int | None, int]:
    """Return the first and the last byte; the first is None when the range cannot be met."""
    parsed = _RANGE.fullmatch(asked)
    if parsed is None or not (parsed[1] or parsed[2]):
        return None, 0
    if not parsed[1]:
        return max(size - int(parsed[2]), 0), size - 1
    first = int(parsed[1])
    last = min(int(parsed[2]), size - 1) if parsed[2] else size - 1
    return (first, last) if first <= last else (None, 0)
