"""The OCI client: manifests and blobs, with every digest computed again from the bytes that came."""

import asyncio
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self
from weakref import WeakValueDictionary

from yarl import URL

from chains.artifacts.reference import Digest, Repository, shown
from chains.errors import EdgeError, InputError
from chains.hosts.addresses import AddressGuard
from chains.hosts.answer import Answer
from chains.hosts.errors import UnreadableError
from chains.hosts.reach import Reach
from chains.hosts.transport import Transport
from chains.registry.access import Access, Call
from chains.registry.credential import Keychain
from chains.registry.limits import Limits
from chains.registry.locations import REDIRECTS, location, same_origin
from chains.registry.refusals import REGISTRY, failed, lost_blob, unread_page

ACCEPTED = ", ".join(
    (
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    )
)
_NO_REFERRERS = frozenset({400, 404, 405, 406, 501})
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", re.ASCII)
_LIMITS = Limits()
_NO_FILES: Mapping[str, Path] = {}


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest as the registry sent it, and the digest of these bytes."""

    body: bytes
    media_type: str
    digest: Digest


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A stored blob: its digest, and its size in bytes."""

    digest: Digest
    size: int


class RegistryClient:
    """Speaks to every registry over one pool of connections; nothing is opened before the first request."""

    def __init__(
        self,
        reach: Reach | None = None,
        *,
        insecure: bool = False,
        plain_http: bool = False,
        ca_files: Mapping[str, Path] = _NO_FILES,
        limits: Limits = _LIMITS,
        guard: AddressGuard | None = None,
    ) -> None:
        """Set it up.

        `insecure` allows plain HTTP and any certificate, `plain_http` the former alone, and `ca_files` maps host[:port]
        to a PEM file of authorities to trust besides the system's.
        """
        self._insecure = insecure or plain_http
        self.reach = reach or Reach()
        self._transport = Transport(REGISTRY, self.reach, limits, guard=guard, insecure=insecure, ca_files=ca_files)
        self._access = Access(self._transport, insecure=self._insecure)
        self._limits = limits
        self._writers: WeakValueDictionary[tuple[Repository, str], asyncio.Lock] = WeakValueDictionary()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End what is under way and close every connection."""
        await self._access.close()
        await self._transport.close()

    def writer(self, repository: Repository, tag: str) -> asyncio.Lock:
        """Return the lock to hold over reading, growing and writing a tag: one for all who use this client."""
        return self._writers.setdefault((repository, tag), asyncio.Lock())

    async def get_manifest(
        self, repository: Repository, reference: str | Digest, keychain: Keychain, *, writing: bool = False
    ) -> Manifest | None:
        """Return the manifest under a tag or digest, None when there is none; `writing` asks for push rights too."""
        path = f"{repository.path}/manifests/{_reference(reference)}"
        call = Call("GET", repository, path, self._limits.manifest, {"Accept": ACCEPTED}, writing=writing)
        answer = await self._access.send(call, keychain)
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise failed(answer, f"for the manifest {reference}", repository)
        if page := unread_page(answer, f"for the manifest {reference}", repository):
            raise page
        digest = _sha256(answer.body)
        said = answer.headers.get("Docker-Content-Digest", "")
        if isinstance(reference, Digest):
            _check(answer.body, reference, repository)
        elif said.startswith("sha256:") and said != str(digest):
            raise _mismatch(repository, shown(said), digest)
        return Manifest(answer.body, answer.headers.get("Content-Type", "").partition(";")[0].strip(), digest)

    async def resolve(self, repository: Repository, tag: str, keychain: Keychain) -> Digest | None:
        """Return the digest of what a tag names now, None when there is no such tag."""
        manifest = await self.get_manifest(repository, tag, keychain)
        return None if manifest is None else manifest.digest

    async def put_manifest(
        self, repository: Repository, reference: str | Digest, body: bytes, media_type: str, keychain: Keychain
    ) -> Digest:
        """Store a manifest under a tag or its digest; its blobs must be there."""
        path = f"{repository.path}/manifests/{_reference(reference)}"
        call = Call("PUT", repository, path, self._limits.text, {"Content-Type": media_type}, body, writing=True)
        answer = await self._access.send(call, keychain)
        if answer.status not in (200, 201, 202):
            what = f"to store the manifest {reference}"
            raise lost_blob(answer, what, repository) or failed(answer, what, repository)
        digest = _sha256(body)
        said = answer.headers.get("Docker-Content-Digest", "")
        if said.startswith("sha256:") and said != str(digest):
            raise _mismatch(repository, str(digest), said)
        return digest

    async def get_referrers(
        self, repository: Repository, digest: Digest, keychain: Keychain, query: str = "", *, writing: bool = False
    ) -> Answer | None:
        """Return a page of what the registry itself lists as referring to a digest, None when it keeps no list."""
        path = f"{repository.path}/referrers/{digest}{'?' if query else ''}{query}"
        call = Call("GET", repository, path, self._limits.manifest, writing=writing)
        answer = await self._access.send(call, keychain)
        if answer.status in _NO_REFERRERS:
            return None
        if answer.status != 200:
            raise failed(answer, f"for the referrers of {digest}", repository)
        return answer

    async def get_tags(self, repository: Repository, keychain: Keychain, query: str = "") -> Answer | None:
        """Return a page of the repository's tags, None when there is no such repository."""
        path = f"{repository.path}/tags/list{'?' if query else ''}{query}"
        answer = await self._access.send(Call("GET", repository, path, self._limits.manifest), keychain)
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise failed(answer, "for the list of tags", repository)
        return answer

    async def get_blob(
        self, repository: Repository, digest: Digest, keychain: Keychain, *, most: int | None = None
    ) -> bytes:
        """Return a blob of at most `most` bytes; raise UnreadableError when it is missing or larger."""
        most = self._limits.blob if most is None else min(most, self._limits.blob)
        call = Call("GET", repository, f"{repository.path}/blobs/{digest}", most)
        answer = await self._followed(call, keychain)
        if answer.status == 404:
            raise UnreadableError(f"{repository} has no blob {digest}", transient=False)
        if answer.status != 200:
            raise failed(answer, f"for the blob {digest}", repository)
        _check(answer.body, digest, repository)
        return answer.body

    async def put_blob(self, repository: Repository, body: bytes, keychain: Keychain) -> Descriptor:
        """Store a blob in two requests: distribution 2.8 ignores a digest on the first, and a HEAD would be a third."""
        digest = _sha256(body)
        start = Call("POST", repository, f"{repository.path}/blobs/uploads/", self._limits.text, writing=True)
        answer = await self._access.send(start, keychain)
        if answer.status not in (201, 202):
            raise failed(answer, "to begin an upload", repository)
        if answer.status == 202:
            await self._finish_upload(answer, repository, body, digest, keychain)
        return Descriptor(digest, len(body))

    async def try_upload(self, repository: Repository, keychain: Keychain) -> None:
        """Open an upload and cancel it: nothing is left, and whoever may not push gets the error of a push."""
        path = f"{repository.path}/blobs/uploads/"
        answer = await self._access.send(Call("POST", repository, path, self._limits.text, writing=True), keychain)
        if answer.status != 202:
            raise failed(answer, "to begin an upload", repository)
        url = location(answer.headers.get("Location", ""), answer.url, insecure=self._insecure)
        if same_origin(url, answer.url):
            # What a registry cannot cancel it forgets by itself.
            await self._access.send(Call("DELETE", repository, "", self._limits.text, writing=True, url=url), keychain)

    async def _finish_upload(
        self, begun: Answer, repository: Repository, body: bytes, digest: Digest, keychain: Keychain
    ) -> None:
        named = location(begun.headers.get("Location", ""), begun.url, insecure=self._insecure)
        url = URL(f"{named}{'&' if named.raw_query_string else '?'}digest={digest}", encoded=True)
        headers = {"Content-Type": "application/octet-stream"}
        call = Call("PUT", repository, "", self._limits.text, headers, body, writing=True, url=url)
        if same_origin(url, begun.url):
            answer = await self._access.send(call, keychain)
        else:
            answer = await self._transport.send(
                "PUT", url, headers=headers, body=body, most=call.most, part=str(repository)
            )
        if answer.status == 404:
            raise EdgeError(f"{repository.registry} lost an upload to {repository.path}", transient=True)
        if answer.status not in (200, 201, 204):
            raise failed(answer, f"to store the blob {digest}", repository)

    async def _followed(self, call: Call, keychain: Keychain) -> Answer:
        """Send a call and follow its redirects; only the registry itself ever sees a credential."""
        answer = await self._access.send(call, keychain)
        home = answer.url
        for _ in range(self._limits.redirects):
            if answer.status not in REDIRECTS:
                return answer
            url = location(answer.headers.get("Location", ""), answer.url, insecure=self._insecure)
            if same_origin(url, home):
                answer = await self._access.send(replace(call, url=url), keychain)
            else:
                part = str(call.repository)
                answer = await self._transport.send("GET", url, headers=call.headers, most=call.most, part=part)
        if answer.status in REDIRECTS:
            raise EdgeError(
                f"{call.repository.registry} redirects more than {self._limits.redirects} times", transient=False
            )
        return answer


def _reference(reference: str | Digest) -> str:
    if isinstance(reference, str) and not _TAG.fullmatch(reference):
        raise InputError(f"{shown(reference)} is no tag")
    return str(reference)


def _sha256(body: bytes) -> Digest:
    return Digest("sha256", hashlib.sha256(body).hexdigest())


def _check(body: bytes, digest: Digest, repository: Repository) -> None:
    if digest.algorithm == "sha1":
        raise InputError(f"{digest} names nothing in a registry: sha1 is too weak")
    found = hashlib.new(digest.algorithm, body).hexdigest()
    if found != digest.hex:
        raise _mismatch(repository, str(digest), Digest(digest.algorithm, found))


def _mismatch(repository: Repository, wanted: str, found: object) -> EdgeError:
    return EdgeError(
        f"{repository.registry} answered with other bytes than it was asked for in {repository.path}: "
        f"{wanted} is wanted, {shown(str(found))} came",
        transient=True,
    )
