"""Which function answers what."""

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from chains.demo.registry.behaviour import Behaviour
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
from chains.demo.registry.refusals import Moved, Plain, refused
from chains.demo.registry.routes import Route, tidy_path


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
    methods = ANSWERS[route.kind]
    answer = methods.get(method)
    if answer is None:
        raise Plain(405, headers={"Allow": ", ".join(methods)})
    return answer


def check_route(method: str, path: str, route: Route, behaviour: Behaviour) -> None:
    """Refuse what leads nowhere: an untidy path, a page that is not there, a malformed name, tag or digest."""
    nowhere = route.kind in ("unknown", "token")
    if nowhere or route.fault == "NAME_INVALID":
        tidy = tidy_path(path)
        if tidy != path:
            raise Moved(tidy)
    unnamed = route.fault and not behaviour.named_refusals
    if nowhere or unnamed or (route.kind == "referrers" and not behaviour.referrers):
        raise Plain(404)
    if route.fault == "NAME_INVALID":
        raise refused(400, "NAME_INVALID", {"name": route.repository})
    if route.fault == "TAG_INVALID" and method != "PUT":
        raise refused(404, "MANIFEST_UNKNOWN", {"Tag": route.reference})
    if route.fault:
        raise refused(400, route.fault, {"reference": route.reference})
