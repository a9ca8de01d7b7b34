"""Which function answers what."""

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from chains.demo.registry.blob_uploads import (
    add_chunk,
    cancel_upload,
    finish_upload,
    no_upload,
    read_progress,
    start_upload,
)
from chains.demo.registry.blobs import delete_blob, read_blob
from chains.demo.registry.call import Answer, Call
from chains.demo.registry.listings import JSON_TYPE, list_catalog, list_referrers, list_tags
from chains.demo.registry.manifests import delete_manifest, put_manifest, read_manifest
from chains.demo.registry.refusals import Plain, Refusal, refused
from chains.demo.registry.routes import Route


async def ping(_call: Call) -> web.Response:
    return web.Response(body=b"{}", headers={"Content-Type": JSON_TYPE})


async def answer_root(_call: Call) -> web.Response:
    return web.Response(headers={"Cache-Control": "no-cache"})


ANSWERS: Final[Mapping[str, Mapping[str, Answer]]] = {
    "root": {"GET": answer_root, "HEAD": answer_root},
    "ping": dict.fromkeys(("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"), ping),
    "catalog": {"GET": list_catalog},
    "tags": {"GET": list_tags},
    "manifest": {"DELETE": delete_manifest, "GET": read_manifest, "HEAD": read_manifest, "PUT": put_manifest},
    "blob": {"DELETE": delete_blob, "GET": read_blob, "HEAD": read_blob},
    "start": {"GET": no_upload, "POST": start_upload},
    "upload": {
        "DELETE": cancel_upload,
        "GET": read_progress,
        "HEAD": read_progress,
        "PATCH": add_chunk,
        "PUT": finish_upload,
    },
    "referrers": {"GET": list_referrers, "HEAD": list_referrers},
}


def answer_for(method: str, route: Route) -> Answer:
    """Return what answers; refuse a method that the route does not know."""
    methods = ANSWERS.get(route.kind)
    if methods is None:
        raise Plain(404)
    answer = methods.get(method)
    if answer is None:
        raise Plain(405, headers={"Allow": ", ".join(methods)})
    return answer


def fault_refusal(route: Route, method: str, *, named: bool) -> Refusal | None:
    """Return how a malformed name, tag or digest is refused; reading a malformed tag finds nothing."""
    if not route.fault:
        return None
    if not named:
        return Plain(404)
    if route.fault == "NAME_INVALID":
        return refused(400, "NAME_INVALID", {"name": route.repository})
    if route.fault == "TAG_INVALID" and method != "PUT":
        return refused(404, "MANIFEST_UNKNOWN", {"Tag": route.reference})
    return refused(400, route.fault, {"reference": route.reference})
