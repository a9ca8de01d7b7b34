"""Which referrers an image has: the registry's own list, page by page, or else the index under the fallback tag."""

import re
from dataclasses import dataclass

from yarl import URL

from chains.artifacts.reference import Digest, Repository
from chains.errors import EdgeError, InputError
from chains.registry.client import Manifest, RegistryClient
from chains.registry.credential import Keychain
from chains.registry.referrers import OCI_INDEX, Referrer, referrers_in

MOST_PAGES = 50
_NEXT = re.compile(r'<([^>]*)>\s*;[^,]*\brel="?next"?')


@dataclass(frozen=True, slots=True)
class Referrers:
    """An image's referrers; `native` is whether the registry lists them itself, `index` the fallback tag's if not."""

    listed: tuple[Referrer, ...]
    native: bool
    index: Manifest | None = None


def fallback_tag(digest: Digest) -> str:
    """Return the tag that the referrers of an image are listed under where the registry does not list them."""
    return f"{digest.algorithm}-{digest.hex}"


async def list_referrers(
    client: RegistryClient, repository: Repository, digest: Digest, keychain: Keychain, *, writing: bool
) -> Referrers:
    """List what refers to the image of that digest; raise EdgeError when that cannot be told."""
    pages = await _pages(client, repository, digest, keychain, writing)
    if pages is not None:
        return Referrers(tuple(one for page in pages for one in page), native=True)
    tag = fallback_tag(digest)
    found = await client.get_manifest(repository, tag, keychain, writing=writing)
    if found is None:
        return Referrers((), native=False)
    try:
        return Referrers(referrers_in(found.body), native=False, index=found)
    except InputError:
        # Whoever put something else there must not hide what is under other tags.
        return Referrers((), native=False, index=found)


async def _pages(
    client: RegistryClient, repository: Repository, digest: Digest, keychain: Keychain, writing: bool
) -> list[tuple[Referrer, ...]] | None:
    pages: list[tuple[Referrer, ...]] = []
    query = ""
    for _ in range(MOST_PAGES):
        answer = await client.get_referrers(repository, digest, keychain, query, writing=writing)
        if answer is None or answer.headers.get("Content-Type", "").partition(";")[0].strip() != OCI_INDEX:
            return None
        try:
            pages.append(referrers_in(answer.body))
        except InputError as error:
            raise EdgeError(f"{repository.registry} lists no referrers of {digest}: {error}", transient=True) from error
        following = _NEXT.search(",".join(answer.headers.getall("Link", ())))
        if following is None:
            return pages
        query = URL(following[1], encoded=True).raw_query_string
    raise EdgeError(f"{repository} lists more than {MOST_PAGES} pages of referrers of {digest}", transient=False)
