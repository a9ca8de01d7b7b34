"""Which tags a repository has, page by page."""

import re

import msgspec
from yarl import URL

from chains.artifacts.reference import Repository, shown
from chains.errors import EdgeError
from chains.registry.client import RegistryClient
from chains.registry.credential import Keychain

MOST_PAGES = 1000
PAGE_SIZE = 500
_NEXT = re.compile(r'<([^>]*)>\s*;[^,]*\brel="?next"?')
# cosign's tags, and the one that lists referrers where a registry does not; any other ending is somebody's image.
_BESIDE = re.compile(r"sha256-[0-9a-f]{64}(\.(sig|att|sbom))?", re.ASCII)


class _Tags(msgspec.Struct, frozen=True):
    tags: list[str] | None = None


async def list_tags(client: RegistryClient, repository: Repository, keychain: Keychain) -> tuple[str, ...]:
    """Return every tag of a repository; raise EdgeError when there is no such repository, or it cannot be listed."""
    found: dict[str, None] = {}
    query = f"n={PAGE_SIZE}"
    for _ in range(MOST_PAGES):
        answer = await client.get_tags(repository, keychain, query)
        if answer is None:
            raise EdgeError(f"{repository} is not there, or has no tags that can be listed", transient=False)
        try:
            page = msgspec.json.decode(answer.body, type=_Tags)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise EdgeError(f"{repository} lists no tags: {shown(str(error))}", transient=True) from error
        found |= dict.fromkeys(page.tags or ())
        following = _NEXT.search(",".join(answer.headers.getall("Link", ())))
        if following is None:
            return tuple(found)
        query = URL(following[1], encoded=True).raw_query_string
    raise EdgeError(f"{repository} lists more than {MOST_PAGES} pages of tags", transient=False)


def is_of_an_image(tag: str, prefix: str = "") -> bool:
    """Whether a tag names an image, and nothing that stands beside one."""
    return not _BESIDE.fullmatch(tag) and not (prefix and _BESIDE.fullmatch(tag.removeprefix(prefix)))
