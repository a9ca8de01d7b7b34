"""Whether a log is within reach and is the one whose key is known."""

from collections.abc import Sequence

import msgspec

from chains.errors import EdgeError
from chains.hosts.reach import Reach
from chains.rekor.checkpoint import Checkpoint, read_checkpoint
from chains.rekor.client import LogClient
from chains.rekor.log_key import LogKey
from chains.rekor.refusals import unreadable

_PATHS = {1: "/api/v1/log", 2: "/api/v2/checkpoint"}


class _Tree(msgspec.Struct, rename="camel"):
    signed_tree_head: str = ""


async def try_log(url: str, version: int, keys: Sequence[LogKey], reach: Reach) -> Checkpoint:
    """Return the log's checkpoint, verified; raise EdgeError, or VerificationError when no known key signed it."""
    async with LogClient(url, keys, reach=reach) as log:
        answer = await log.ask("GET", _PATHS[version], "for its checkpoint")
    checkpoint = read_checkpoint(_note(answer, version, log.host))
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
