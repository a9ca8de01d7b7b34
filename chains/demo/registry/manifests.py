"""Pushing, reading and deleting manifests."""

from aiohttp import web

from chains.demo.registry.call import Call
from chains.demo.registry.digests import is_wellformed, sha256_digest
from chains.demo.registry.documents import (
    DOCKER_LIST,
    OCI_INDEX,
    OCI_MANIFEST,
    Document,
    Referrer,
    parse_document,
)
from chains.demo.registry.manifest_checks import check_references, checked_document
from chains.demo.registry.refusals import Reason, Refusal, refused
from chains.demo.registry.routes import is_digest
from chains.demo.registry.storage import Manifest

_UNACCEPTED = {
    OCI_MANIFEST: "OCI manifest found, but accept header does not support OCI manifests",
    OCI_INDEX: "OCI index found, but accept header does not support OCI indexes",
}


async def put_manifest(call: Call) -> web.Response:
    """Keep the manifest's exact bytes; preconditions are not heeded, as no known registry heeds them."""
    body = await call.body(call.behaviour.manifest_limit, _too_large(call))
    media_type = call.request.headers.get("Content-Type", "").partition(";")[0].strip()
    document = checked_document(body, media_type)
    manifest = Manifest(sha256_digest(body), media_type, body)
    repository, reference = call.route.repository, call.route.reference
    if is_digest(reference) and reference != manifest.digest:
        raise refused(400, "DIGEST_INVALID")
    check_references(call, document, media_type)
    call.storage.add_manifest(repository, manifest, "" if is_digest(reference) else reference)
    headers = {
        "Docker-Content-Digest": manifest.digest,
        "Location": call.location(f"manifests/{manifest.digest}"),
    }
    if document.subject and call.behaviour.referrers:
        call.storage.add_referrer(repository, document.subject.digest, _referrer(call, manifest, document))
        if not call.behaviour.typed_by_config:
            headers["OCI-Subject"] = document.subject.digest
    return web.Response(status=201, headers=headers)


async def read_manifest(call: Call) -> web.Response:
    """Answer the manifest that the tag or digest names."""
    if is_digest(call.route.reference) and not is_wellformed(call.route.reference):
        raise refused(400, "DIGEST_INVALID")
    return present(call, call.storage.manifest(call.route.repository, call.route.reference))


def present(call: Call, manifest: Manifest | None) -> web.Response:
    """Answer this manifest as the one asked for, if the client takes its media type."""
    if manifest is None:
        raise _unknown(call)
    if call.request.headers.get("If-None-Match", "") in (manifest.digest, f'"{manifest.digest}"'):
        return web.Response(status=304)
    if not call.behaviour.any_accept:
        manifest = _accepted(call, manifest)
    headers = {
        "Content-Type": manifest.media_type,
        "Docker-Content-Digest": manifest.digest,
        "Etag": f'"{manifest.digest}"',
    }
    return web.Response(body=manifest.body, headers=headers)


async def delete_manifest(call: Call) -> web.Response:
    """Forget a manifest by digest, or only a tag by name."""
    behaviour, repository, reference = call.behaviour, call.route.repository, call.route.reference
    if not behaviour.deletes:
        raise refused(405, "UNSUPPORTED")
    if not is_digest(reference) and behaviour.delete_tags:
        dropped = call.storage.drop_tag(repository, reference)
    elif not is_wellformed(reference):
        raise refused(400, "DIGEST_INVALID")
    else:
        dropped = call.storage.drop_manifest(repository, reference)
    if not dropped:
        raise refused(404, "MANIFEST_UNKNOWN")
    return web.Response(status=202)


def _accepted(call: Call, manifest: Manifest) -> Manifest:
    """Refuse a media type that the client did not list; words and exceptions are docker-registry's."""
    listed = {
        part.partition(";")[0].strip() for line in call.request.headers.getall("Accept", ()) for part in line.split(",")
    }
    if manifest.media_type in listed:
        return manifest
    if manifest.media_type == OCI_INDEX and not parse_document(manifest.body).media_type:
        return manifest
    if manifest.media_type in _UNACCEPTED:
        raise Refusal(404, Reason("MANIFEST_UNKNOWN", _UNACCEPTED[manifest.media_type]))
    if is_digest(call.route.reference):
        return manifest
    child = _default_child(call, manifest)
    if child is None or child.media_type not in listed:
        raise refused(400, "MANIFEST_INVALID", {})
    return child


def _default_child(call: Call, manifest: Manifest) -> Manifest | None:
    """Return the linux/amd64 image of a Docker manifest list, for clients from before there were lists."""
    if manifest.media_type != DOCKER_LIST:
        return None
    for child in parse_document(manifest.body).manifests or ():
        if child.platform and (child.platform.os, child.platform.architecture) == ("linux", "amd64"):
            return call.storage.manifest(call.route.repository, child.digest)
    return None


def _referrer(call: Call, manifest: Manifest, document: Document) -> Referrer:
    config = document.config.media_type if document.config else ""
    told = "" if call.behaviour.typed_by_config else document.artifact_type
    return Referrer(
        manifest.media_type,
        len(manifest.body),
        manifest.digest,
        document.annotations,
        told or config,
    )


def _unknown(call: Call) -> Refusal:
    route = call.route
    if is_digest(route.reference):
        return refused(404, "MANIFEST_UNKNOWN", {"Name": route.repository, "Revision": route.reference})
    return refused(404, "MANIFEST_UNKNOWN", {"Tag": route.reference})


def _too_large(call: Call) -> Refusal:
    if call.behaviour.named_refusals:
        return refused(413, "SIZE_INVALID", f"a manifest has at most {call.behaviour.manifest_limit} bytes")
    return refused(400, "MANIFEST_INVALID", "http: request body too large")
