"""Everything the registry holds, in memory."""

from collections import Counter
from dataclasses import dataclass, field

from chains.demo.registry.digests import sha256_digest
from chains.demo.registry.documents import Referrer


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest as it came: its bytes are never decoded and encoded again."""

    digest: str
    media_type: str
    body: bytes


@dataclass(slots=True)
class Shelf:
    """One repository: what it links to; `referrers` is by subject, then by the referrer's own digest."""

    blobs: set[str] = field(default_factory=set)
    manifests: dict[str, Manifest] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    referrers: dict[str, dict[str, Referrer]] = field(default_factory=dict)
    ever_tagged: bool = False
    ever_filled: bool = False


class Storage:
    """Blobs by digest, shared between repositories, and what each repository links to."""

    def __init__(self) -> None:
        self._shelves: dict[str, Shelf] = {}
        self._content: dict[str, bytes] = {}
        self._links: Counter[str] = Counter()
        self._other_names: dict[str, str] = {}

    def shelf(self, repository: str) -> Shelf:
        """Return what the repository holds, to read; an unknown one is empty and not remembered."""
        return self._shelves.get(repository) or Shelf()

    def filled(self) -> list[str]:
        """Name the repositories that ever held a blob, in order."""
        return sorted(name for name, shelf in self._shelves.items() if shelf.ever_filled)

    def blob(self, digest: str) -> bytes | None:
        """Return the blob from whichever repository has it."""
        return self._content.get(self._canonical(digest))

    def linked_blob(self, repository: str, digest: str) -> tuple[str, bytes] | None:
        """Return the blob with its sha256 digest, if the repository links to it."""
        canonical = self._canonical(digest)
        if canonical not in self.shelf(repository).blobs:
            return None
        return canonical, self._content[canonical]

    def add_blob(self, repository: str, content: bytes, digest: str = "") -> str:
        """Keep the content for the repository; return its sha256 digest. `digest` is the name it was given."""
        canonical = sha256_digest(content)
        if digest and digest != canonical:
            self._other_names[digest] = canonical
        self._content.setdefault(canonical, content)
        self._link(repository, canonical)
        return canonical

    def mount(self, digest: str, source: str, target: str) -> str | None:
        """Link the source's blob into the target; return its sha256 digest, or None when the source has none."""
        canonical = self._canonical(digest)
        if canonical not in self.shelf(source).blobs:
            return None
        self._link(target, canonical)
        return canonical

    def drop_blob(self, repository: str, digest: str) -> bool:
        """Unlink the blob, and forget its content with the last link; say whether there was one."""
        canonical = self._canonical(digest)
        blobs = self.shelf(repository).blobs
        if canonical not in blobs:
            return False
        blobs.discard(canonical)
        self._links[canonical] -= 1
        if not self._links[canonical]:
            del self._links[canonical], self._content[canonical]
        return True

    def manifest(self, repository: str, reference: str) -> Manifest | None:
        """Return the manifest that a tag or a digest names."""
        shelf = self.shelf(repository)
        return shelf.manifests.get(shelf.tags.get(reference, reference))

    def add_manifest(self, repository: str, manifest: Manifest, tag: str = "") -> None:
        """Keep the manifest, and let the tag, if any, name it."""
        shelf = self._made_shelf(repository)
        shelf.manifests[manifest.digest] = manifest
        if tag:
            shelf.tags[tag] = manifest.digest
            shelf.ever_tagged = True

    def add_referrer(self, repository: str, subject: str, referrer: Referrer) -> None:
        """List the referrer under its subject, which need not exist."""
        self._made_shelf(repository).referrers.setdefault(subject, {})[referrer.digest] = referrer

    def drop_manifest(self, repository: str, digest: str) -> bool:
        """Forget the manifest, every tag that names it and its place among referrers; say whether it was there."""
        shelf = self.shelf(repository)
        if shelf.manifests.pop(digest, None) is None:
            return False
        for tag in [tag for tag, named in shelf.tags.items() if named == digest]:
            del shelf.tags[tag]
        for listed in shelf.referrers.values():
            listed.pop(digest, None)
        return True

    def drop_tag(self, repository: str, tag: str) -> bool:
        """Forget the tag, not what it names; say whether there was one."""
        return self.shelf(repository).tags.pop(tag, None) is not None

    def _canonical(self, digest: str) -> str:
        return self._other_names.get(digest, digest)

    def _made_shelf(self, repository: str) -> Shelf:
        return self._shelves.setdefault(repository, Shelf())

    def _link(self, repository: str, canonical: str) -> None:
        shelf = self._made_shelf(repository)
        shelf.ever_filled = True
        if canonical not in shelf.blobs:
            shelf.blobs.add(canonical)
            self._links[canonical] += 1
