"""Lists, a page at a time: tags, the catalog, referrers."""

import re
from collections.abc import Sequence
from urllib.parse import urlencode

import msgspec
from aiohttp import web

from chains.demo.registry.call import Call
from chains.demo.registry.documents import OCI_INDEX, ReferrersIndex
from chains.demo.registry.refusals import refused

JSON_TYPE = "application/json; charset=utf-8"
_COUNT = re.compile(r"-?[0-9]{1,9}", re.ASCII)


async def list_tags(call: Call) -> web.Response:
    """Answer the repository's tags in order."""
    name = call.route.repository
    shelf = call.storage.shelf(name)
    if not shelf.ever_tagged:
        raise refused(404, "NAME_UNKNOWN", {"name": name})
    tags: Sequence[str] = sorted(shelf.tags)
    link: dict[str, str] = {}
    if call.behaviour.paged_tags:
        tags, link = _page(call, tags, _count(call))
    return _answer({"name": name, "tags": tags or None}, link)


async def list_catalog(call: Call) -> web.Response:
    """Answer the repositories that hold anything, in order."""
    count = _count(call)
    if count is not None and count > call.behaviour.catalog_limit:
        raise refused(400, "PAGINATION_NUMBER_INVALID", {"n": count})
    repositories, link = _page(call, call.storage.filled(), call.behaviour.catalog_limit if count is None else count)
    return _answer({"repositories": repositories}, link)


async def list_referrers(call: Call) -> web.Response:
    """Answer the index of what names this digest as its subject; an unknown digest has none."""
    digest = call.digest()
    listed = call.storage.shelf(call.route.repository).referrers.get(digest, {})
    wanted = call.request.query.get("artifactType", "")
    referrers = {key: found for key, found in listed.items() if not wanted or found.artifact_type == wanted}
    headers = {"OCI-Filters-Applied": "artifactType"} if wanted else {}
    digests: Sequence[str] = list(referrers)
    if call.behaviour.referrers_page:
        digests, link = _page(call, sorted(referrers), call.behaviour.referrers_page)
        headers |= link
    index = ReferrersIndex(2, OCI_INDEX, tuple(referrers[key] for key in digests))
    return web.Response(body=msgspec.json.encode(index), headers={"Content-Type": OCI_INDEX, **headers})


def _count(call: Call) -> int | None:
    """Return the `n` that was asked for; what is not a count is as if it were not there."""
    text = call.request.query.get("n", "")
    return int(text) if _COUNT.fullmatch(text) and int(text) >= 0 else None


def _page(call: Call, names: Sequence[str], count: int | None) -> tuple[Sequence[str], dict[str, str]]:
    """Return the page after `last`, and the link to the next one if there is more."""
    query = call.request.query
    last = query.get("last", "")
    rest = [name for name in names if name > last] if last else names
    if count is None or len(rest) <= count:
        return rest, {}
    if not count:
        return [], {}
    page = rest[:count]
    kept = {key: query[key] for key in ("artifactType",) if key in query}
    target = urlencode({"last": page[-1], "n": count, **kept})
    return page, {"Link": f'<{call.request.path}?{target}>; rel="next"'}


def _answer(document: dict[str, object], headers: dict[str, str]) -> web.Response:
    return web.Response(body=msgspec.json.encode(document) + b"\n", headers={"Content-Type": JSON_TYPE, **headers})
