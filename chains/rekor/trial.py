"""Whether a log is within reach and is the one whose key is known."""

from collections.abc import Sequence

import msgspec
from yarl import URL

from chains.errors import EdgeError
from chains.rekor.checkpoint import Checkpoint, read_checkpoint
from chains.rekor.limits import Limits
from chains.rekor.log_key import LogKey
from chains.rekor.refusals import refused, unreadable
from chains.rekor.transport import Transport

_PATHS = {1: "/api/v1/log", 2: "/api/v2/checkpoint"}


class _Tree(msgspec.Struct, rename="camel"):
    signed_tree_head: str = ""


async def try_log(url: str, version: int, keys: Sequence[LogKey], proxy: URL | None = None) -> Checkpoint:
    """Return the log's checkpoint, verified; raise EdgeError, or VerificationError when no known key signed it."""
    transport = Transport(url, limits=Limits(), proxy=proxy)
    try:
        answer = await transport.send("GET", _PATHS[version])
        if answer.status != 200:
            wait = answer.headers.get("Retry-After")
            raise refused(transport.host, answer.status, answer.body, wait, "for its checkpoint")
        checkpoint = read_checkpoint(_note(answer.body, version, transport.host))
    finally:
        await transport.close()
    known = [key for key in keys if checkpoint.is_by(key)]
    checkpoint.check((known or list(keys))[0])
    return checkpoint


def _note(body: bytes, version: int, host: str) -> str:
    if version == 2:
        return body.decode(errors="replace")
    try:
        return msgspec.json.decode(body, type=_Tree).signed_tree_head
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        found: EdgeError = unreadable(host, error)
        raise found from error
