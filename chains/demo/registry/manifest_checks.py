"""What a manifest must be before the registry keeps it."""

import msgspec

from chains.demo.registry.call import Call
from chains.demo.registry.digests import is_wellformed
from chains.demo.registry.documents import DOCKER_LIST, DOCKER_MANIFEST, IMAGES, INDEXES, Document, parse_document
from chains.demo.registry.refusals import Reason, Refusal, refused


def checked_document(body: bytes, media_type: str) -> Document:
    """Read the manifest and hold it against the media type it was sent as; refuse what does not fit."""
    if media_type not in IMAGES and media_type not in INDEXES:
        raise refused(400, "MANIFEST_INVALID", f"{media_type or 'no media type'} is not a manifest's")
    try:
        document = parse_document(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise refused(400, "MANIFEST_INVALID", str(error)) from error
    fault = _fault(document, media_type)
    if fault:
        raise refused(400, "MANIFEST_INVALID", fault)
    return document


def check_references(call: Call, document: Document, media_type: str) -> None:
    """Refuse a manifest that points to what this repository does not hold; a subject may be absent."""
    shelf = call.storage.shelf(call.route.repository)
    reasons: list[Reason] = []
    for digest in _references(document, media_type):
        if not is_wellformed(digest):
            reasons.append(Reason.of("DIGEST_INVALID"))
        elif call.storage.linked_blob(call.route.repository, digest) or digest in shelf.manifests:
            continue
        reasons.append(Reason.of("MANIFEST_BLOB_UNKNOWN", digest))
    if reasons:
        raise Refusal(400, *reasons)


def _fault(document: Document, media_type: str) -> str:
    if document.schema_version != 2:
        return f"the schema version {document.schema_version} is not 2"
    named = document.media_type
    if named != media_type and (named or media_type in (DOCKER_MANIFEST, DOCKER_LIST)):
        return f"the media type in the manifest is {named!r}, the Content-Type {media_type!r}"
    if media_type in IMAGES and document.manifests is not None:
        return "an image manifest has no manifests"
    if media_type in INDEXES and (document.config is not None or document.layers is not None):
        return "an index has neither config nor layers"
    return ""


def _references(document: Document, media_type: str) -> list[str]:
    if media_type in INDEXES:
        return [child.digest for child in document.manifests or ()]
    config = document.config.digest if document.config else ""
    return [config, *(layer.digest for layer in document.layers or ())]
