"""The verbs of the API, each from a request to its response."""

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace

from aiohttp import web

from chains.demo.kubernetes.bodies import JSON, YAML, media_type, read_body, read_document, read_object, read_optional
from chains.demo.kubernetes.checks import check_shape
from chains.demo.kubernetes.cluster import Cluster
from chains.demo.kubernetes.deletes import delete, delete_collection, read_options
from chains.demo.kubernetes.lists import read_page
from chains.demo.kubernetes.managed_fields import Author, Operation, field_manager
from chains.demo.kubernetes.metadata import place
from chains.demo.kubernetes.objects import Version, encode
from chains.demo.kubernetes.patches import APPLY_PATCH, PATCH_TYPES, apply_patch, check_field_manager, patch
from chains.demo.kubernetes.representations import Representation, negotiate
from chains.demo.kubernetes.selectors import parse_selector
from chains.demo.kubernetes.status import bad_request, not_found, unsupported_media_type
from chains.demo.kubernetes.targets import Target
from chains.demo.kubernetes.watch import CutError, Watch, read_watch_options
from chains.demo.kubernetes.watches import Watches
from chains.demo.kubernetes.writes import Write, create, update

Answer = Callable[[web.Request, Target, Representation], Awaitable[web.StreamResponse]]


class Calls:
    """Answers calls on one cluster."""

    def __init__(self, cluster: Cluster, watches: Watches, bookmark_seconds: float) -> None:
        self._cluster = cluster
        self._watches = watches
        self._bookmark_seconds = bookmark_seconds
        self._answers: dict[str, Answer] = {
            "get": self._get,
            "list": self._list,
            "watch": self._watch,
            "create": self._create,
            "update": self._update,
            "patch": self._patch,
            "delete": self._delete,
            "deletecollection": self._delete_collection,
        }

    async def answer(self, request: web.Request, target: Target, verb: str) -> web.StreamResponse:
        """Answer one call; raise StatusError where the API refuses, before anything is done."""
        accepted = negotiate(request.headers.get("Accept", ""), verb)
        shown = Representation(target, accepted, self._cluster.time, request.query.get("includeObject", ""))
        return await self._answers[verb](request, target, shown)

    async def _get(self, request: web.Request, target: Target, shown: Representation) -> web.StreamResponse:
        version = self._cluster.store(target.resource).get(target.key)
        if version is None:
            raise not_found(target.resource, target.name)
        return _shown(shown, version)

    async def _list(self, request: web.Request, target: Target, shown: Representation) -> web.StreamResponse:
        page = read_page(self._cluster.store(target.resource), target.namespace, request.query)
        if target.resource.custom:
            # A list of custom resources says even that it does not go on.
            page.metadata.setdefault("continue", "")
        return web.Response(body=shown.several(page.versions, page.metadata), content_type=JSON)

    async def _watch(self, request: web.Request, target: Target, shown: Representation) -> web.StreamResponse:
        store = self._cluster.store(target.resource)
        watch = Watch(store, target.namespace, read_watch_options(request.query), shown)
        response = web.StreamResponse(headers={"Content-Type": JSON, "Cache-Control": "no-cache, private"})
        response.enable_chunked_encoding()
        self._watches.add(watch)
        try:
            await response.prepare(request)
            async with aclosing(watch.lines(self._bookmark_seconds, lambda: self._watches.bookmarks)) as lines:
                async for line in lines:
                    await response.write(line)
        except CutError:
            if request.transport is not None:
                request.transport.abort()
        except ConnectionError:
            return response  # the client has gone, as watching clients do
        finally:
            self._watches.remove(watch)
        return response

    async def _create(self, request: web.Request, target: Target, shown: Representation) -> web.StreamResponse:
        write = self._write(request, target)
        version = create(self._cluster, write, await read_object(request))
        return _shown(shown, version, 201)

    async def _update(self, request: web.Request, target: Target, shown: Representation) -> web.StreamResponse:
        write = replace(self._write(request, target), replaces=True)
        new = await read_object(request)
        check_shape(new)
        place(target, new["metadata"])
        store = self._cluster.store(target.resource)
        if store.get(target.key) is None and target.resource.create_on_update and not target.subresource:
            return _shown(shown, create(self._cluster, write, new), 201)
        return _shown(shown, update(self._cluster, write, lambda _: new))

    async def _patch(self, request: web.Request, target: Target, shown: Representation) -> web.StreamResponse:
        media = media_type(request)
        if media not in PATCH_TYPES:
            raise unsupported_media_type(media, PATCH_TYPES)
        write, body = self._write(request, target), await read_body(request)
        if media != APPLY_PATCH:
            return _shown(shown, patch(self._cluster, write, media, read_document(JSON, body)))
        check_field_manager(request.query)
        wanted = read_document(YAML, body)
        force = request.query.get("force") in ("true", "1")
        version, created = apply_patch(self._cluster, write, wanted, force=force)
        return _shown(shown, version, 201 if created else 200)

    async def _delete(self, request: web.Request, target: Target, shown: Representation) -> web.StreamResponse:
        deletion = delete(self._cluster, target, read_options(await read_optional(request), request.query))
        if not deletion.gone:
            return _shown(shown, deletion.version)
        resource = target.resource
        details = {"name": target.name, "group": resource.group, "kind": resource.plural, "uid": deletion.version.uid}
        status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
        return web.Response(body=encode(status), content_type=JSON)

    async def _delete_collection(
        self, request: web.Request, target: Target, shown: Representation
    ) -> web.StreamResponse:
        options = read_options(await read_optional(request), request.query)
        deleted = delete_collection(self._cluster, target, parse_selector(request.query), options)
        metadata = {"resourceVersion": str(self._cluster.revisions.current)}
        body = shown.several(deleted, metadata)
        return web.Response(body=body, content_type=JSON)

    def _write(self, request: web.Request, target: Target) -> Write:
        query = request.query
        dry_run = query.get("dryRun", "")
        if dry_run not in ("", "All"):
            raise bad_request(f"dryRun can only be All, not {dry_run!r}")
        manager = field_manager(query.get("fieldManager", ""), request.headers.get("User-Agent", ""))
        operation: Operation = "Apply" if media_type(request) == APPLY_PATCH else "Update"
        author = Author(manager, operation, target.api_version, self._cluster.now(), target.subresource)
        return Write(target, author, dry_run=bool(dry_run))


def _shown(shown: Representation, version: Version, status: int = 200) -> web.Response:
    return web.Response(status=status, body=shown.one(version), content_type=JSON)
