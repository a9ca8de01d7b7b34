"""Pushing blobs: opening an upload, chunks, the closing PUT, mounting, cancelling."""

import re

from aiohttp import web

from chains.demo.registry.call import Call
from chains.demo.registry.digests import is_wellformed, matches
from chains.demo.registry.refusals import Reason, Refusal, refused
from chains.demo.registry.uploads import Upload

_RANGE = re.compile(r"(?:bytes[ =])?([0-9]{1,18})-([0-9]{1,18})(?:/.*)?", re.ASCII)


async def start_upload(call: Call) -> web.Response:
    """Mount the blob if asked and able, else open an upload."""
    mount, source = call.request.query.get("mount", ""), call.request.query.get("from", "")
    if mount and source:
        mounted = call.storage.mount(mount, source, call.route.repository)
        if mounted:
            return _created(call, mounted)
    digest = call.request.query.get("digest", "")
    if digest and call.behaviour.single_post:
        return _stored(call, await _blob_body(call), _wanted(digest))
    upload = call.uploads.start(call.route.repository)
    return web.Response(status=202, headers=_progress(call, upload))


async def no_upload(call: Call) -> web.Response:
    """Answer a read of the place where uploads are opened."""
    raise refused(404, "BLOB_UPLOAD_UNKNOWN")


async def read_progress(call: Call) -> web.Response:
    return web.Response(status=204, headers=_progress(call, _resumed(call)))


async def add_chunk(call: Call) -> web.Response:
    """Append the body to the upload."""
    upload = _resumed(call)
    if call.request.content_type != "application/octet-stream":
        raise refused(415, "UNSUPPORTED", "a chunk is application/octet-stream")
    upload.content += await _next_chunk(call, upload)
    return web.Response(status=202, headers=_progress(call, upload))


async def finish_upload(call: Call) -> web.Response:
    """Append the body, if any, check the digest of the whole and keep the blob."""
    upload = _resumed(call)
    digest = _wanted(call.request.query.get("digest", ""))
    chunk = await _next_chunk(call, upload)
    content = bytes(upload.content + chunk) if upload.content else chunk
    if not matches(content, digest):
        upload.content.clear()
        upload.spoilt = True
        raise refused(400, "DIGEST_INVALID", {"Digest": digest})
    call.uploads.close(upload)
    return _stored(call, content, digest)


async def cancel_upload(call: Call) -> web.Response:
    upload = _resumed(call)
    call.uploads.close(upload)
    return web.Response(status=204, headers={"Docker-Upload-UUID": upload.id})


def _resumed(call: Call) -> Upload:
    state = call.request.query.get("_state", "")
    offset = call.uploads.offset(call.route.repository, call.route.reference, state)
    if offset is None:
        raise refused(404, "BLOB_UPLOAD_INVALID", {})
    upload = call.uploads.find(call.route.reference)
    if upload is None:
        raise refused(404, "BLOB_UPLOAD_UNKNOWN", {})
    if upload.spoilt or len(upload.content) != offset:
        raise refused(404, "BLOB_UPLOAD_INVALID")
    return upload


async def _next_chunk(call: Call, upload: Upload) -> bytes:
    offset = len(upload.content)
    chunk = await _blob_body(call)
    if upload.spoilt or len(upload.content) != offset:  # another request for the same upload was faster
        raise refused(404, "BLOB_UPLOAD_INVALID")
    claimed = call.request.headers.get("Content-Range", "")
    if claimed and call.behaviour.ordered_chunks:
        _check_range(call, upload, claimed, len(chunk))
    return chunk


def _check_range(call: Call, upload: Upload, claimed: str, length: int) -> None:
    parsed = _RANGE.fullmatch(claimed)
    offset = len(upload.content)
    if parsed and int(parsed[1]) == offset and int(parsed[2]) - offset + 1 == length:
        return
    raise Refusal(416, Reason.of("BLOB_UPLOAD_INVALID", "chunk out of order"), headers=_progress(call, upload))


async def _blob_body(call: Call) -> bytes:
    return await call.body(call.behaviour.blob_limit, refused(413, "SIZE_INVALID", "blob too large"))


def _wanted(digest: str) -> str:
    if not digest:
        raise refused(400, "DIGEST_INVALID", "digest missing")
    if not is_wellformed(digest):
        raise refused(400, "DIGEST_INVALID", "digest parsing failed")
    return digest


def _stored(call: Call, content: bytes, digest: str) -> web.Response:
    if not matches(content, digest):
        raise refused(400, "DIGEST_INVALID", {"Digest": digest})
    return _created(call, call.storage.add_blob(call.route.repository, content, digest))


def _created(call: Call, digest: str) -> web.Response:
    headers = {"Docker-Content-Digest": digest, "Location": call.location(f"blobs/{digest}")}
    return web.Response(status=201, headers=headers)


def _progress(call: Call, upload: Upload) -> dict[str, str]:
    return {
        "Docker-Upload-UUID": upload.id,
        "Location": call.location(f"blobs/uploads/{upload.id}?_state={call.uploads.state(upload)}"),
        "Range": f"0-{max(len(upload.content) - 1, 0)}",
    }
