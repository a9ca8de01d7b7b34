"""Attaching by reference: a Sigstore bundle whose manifest names the image as its subject."""

import asyncio
from dataclasses import dataclass

from chains.artifacts.reference import Digest, ImageReference, Repository
from chains.errors import EdgeError, InputError
from chains.hosts.errors import UnreadableError
from chains.payloads.payload import COSIGN_SIGN, SignedPayload
from chains.payloads.sigstore_bundle import read_bundle, write_bundle
from chains.registry.client import RegistryClient
from chains.registry.cosign_layout import OCI_MANIFEST
from chains.registry.credential import Keychain
from chains.registry.referrer_lists import Referrers, fallback_tag, list_referrers
from chains.registry.referrers import (
    CREATED_KEY,
    EMPTY_CONFIG,
    OCI_INDEX,
    PREDICATE_KEY,
    Referrer,
    Subject,
    annotations_of,
    append_referrer,
    bundle_layer,
    bundle_manifest,
    digest_of,
)
from chains.registry.tag_attachment import TRIES, unfit


@dataclass(frozen=True, slots=True)
class BundleAttachment:
    """One signed payload, the image that it is about, and the repository that the bundle goes into."""

    client: RegistryClient
    signed: SignedPayload
    image: ImageReference
    repository: Repository
    keychain: Keychain

    def __str__(self) -> str:
        return f"{self.repository}@{self.image.digest}"

    @property
    def location(self) -> str:
        """Where it can be found."""
        return f"{self} (Sigstore bundle {digest_of(self._bundle())[:19]})"

    async def attach(self) -> bool:
        """Store the bundle until it is listed among the image's referrers; return whether anything had to be written.

        It is there already if any bundle holds this signature, with a log entry if there is one to be kept.
        """
        async with self.client.writer(self.repository, fallback_tag(self.image.digest)):
            found = await self._listed()
            if await self._is_in(found):
                return False
            bundle, annotations = self._bundle(), self._annotations()
            manifest = bundle_manifest(bundle, annotations, await self._subject())
            await asyncio.gather(*(self._put_blob(blob) for blob in (EMPTY_CONFIG, bundle)))
            digest = Digest.parse(digest_of(manifest))
            await self.client.put_manifest(self.repository, digest, manifest, OCI_MANIFEST, self.keychain)
            for _ in range(TRIES):
                found = await self._listed()
                if any(one.digest == str(digest) for one in found.listed):
                    return True
                await self._list(found, manifest, annotations)
        raise EdgeError(f"what was stored beside {self} is not listed among its referrers", transient=True)

    async def _listed(self) -> Referrers:
        return await list_referrers(self.client, self.repository, self.image.digest, self.keychain, writing=True)

    async def _list(self, found: Referrers, manifest: bytes, annotations: dict[str, str]) -> None:
        """Add the manifest to the index under the fallback tag, where the registry makes no list itself."""
        if found.native:
            return
        tag = fallback_tag(self.image.digest)
        try:
            index = append_referrer(None if found.index is None else found.index.body, manifest, annotations)
        except InputError as error:
            raise unfit(f"{self.repository}:{tag}", error) from error
        await self.client.put_manifest(self.repository, tag, index, OCI_INDEX, self.keychain)

    async def _is_in(self, found: Referrers) -> bool:
        for candidate in filter(self._may_be, found.listed):
            if await self._holds(candidate):
                return True
        return False

    def _may_be(self, candidate: Referrer) -> bool:
        """Whether it says of itself what ours would; a signature of the image is the same whichever run made it."""
        told, ours = candidate.annotations or {}, self._annotations()
        keys = (PREDICATE_KEY,) if self.signed.payload.predicate_type == COSIGN_SIGN else (PREDICATE_KEY, CREATED_KEY)
        return all(told.get(key) == ours[key] for key in keys)

    async def _holds(self, candidate: Referrer) -> bool:
        """Whether it holds this signature over this payload, and a log entry if ours has one."""
        try:
            digest = Digest.parse(candidate.digest)
            manifest = await self.client.get_manifest(self.repository, digest, self.keychain)
            layer = bundle_layer(manifest.body) if manifest is not None else None
            if layer is None:
                return False
            blob = await self.client.get_blob(self.repository, Digest.parse(layer.digest), self.keychain)
            bundle = read_bundle(blob)
        except (InputError, UnreadableError):
            return False
        ours = self.signed
        signatures = [signature.raw for signature in bundle.envelope.signatures]
        same = bundle.envelope.body == ours.payload.body and signatures == [ours.signature.raw]
        return same and (ours.log_entry is None or bool(bundle.log_entries))

    async def _subject(self) -> Subject:
        image, digest = self.image, self.image.digest
        found = await self.client.get_manifest(image.repository, digest, self.keychain)
        if found is None:
            raise EdgeError(f"{image} is not there, and a Sigstore bundle names its size", transient=False)
        return Subject(found.media_type, len(found.body), str(digest))

    async def _put_blob(self, blob: bytes) -> None:
        await self.client.put_blob(self.repository, blob, self.keychain)

    def _annotations(self) -> dict[str, str]:
        return annotations_of(self.signed.payload.predicate_type, self.signed.payload.created)

    def _bundle(self) -> bytes:
        try:
            return write_bundle(self.signed)
        except InputError as error:
            raise EdgeError(f"nothing can be attached to {self}: {error}", transient=False) from error
