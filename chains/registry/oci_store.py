"""The store named "oci": signed payloads beside their image, as cosign keeps them, appended and never replaced."""

import asyncio
import hashlib
from collections.abc import Callable, Iterable

from chains.artifacts.reference import ImageReference, Repository
from chains.errors import ChainsError, EdgeError
from chains.payloads.payload import COSIGN_SIGN, IN_TOTO, Origin, SignedPayload, Stored
from chains.registry.bundle_attachment import BundleAttachment
from chains.registry.client import RegistryClient
from chains.registry.cosign_layout import layer_for, tag_for
from chains.registry.credential import Keychain
from chains.registry.errors import DeniedError
from chains.registry.tag_attachment import TagAttachment
from chains.registry.unfinished import Unfinished

IMAGES_AT_ONCE = 8
Attachment = TagAttachment | BundleAttachment


class OciStore:
    """Attaches to images, under `.sig` and `.att` tags or in Sigstore bundles.

    There is one writer a tag in this process, and every write is read back.
    """

    def __init__(
        self,
        client: RegistryClient,
        keychain_for: Callable[[Origin], Keychain],
        repository: Repository | None = None,
        forget: Callable[[Origin], None] = lambda origin: None,
        *,
        tags: bool = True,
        bundles: bool = False,
    ) -> None:
        """Set it up.

        `repository` is where everything goes, read and written, instead of each image's own repository. `forget` is
        called when a registry refuses a run's credentials, before they are looked up and tried once more. `tags` and
        `bundles` say how statements are kept; a bare payload fits no bundle, and cosign's signing statement no tag.
        """
        self._client = client
        self._keychain_for = keychain_for
        self._repository = repository
        self._forget = forget
        self._tags = tags
        self._bundles = bundles
        self._unfinished = Unfinished()

    async def put(self, signed: SignedPayload, origin: Origin) -> Stored:
        """Attach the payload to each of its images; raise EdgeError, after all were tried, when some failed.

        A put that is repeated because it failed in passing, or was cut off, goes on with the images that are left.
        """
        keychain = self._keychain_for(origin)
        free = asyncio.Semaphore(IMAGES_AT_ONCE)

        async def attached(name: bytes, attachment: Attachment) -> bool | ChainsError:
            before = self._unfinished.outcome(name)
            if before is not None:
                return before
            async with free:
                try:
                    written = await self._attach_with_credentials(attachment, origin)
                except ChainsError as error:
                    return _explained(error, attachment, origin)
            self._unfinished.note(name, written=written)
            return written

        images = dict.fromkeys(signed.payload.images)
        attachments = [one for image in images for one in self._attachments(signed, image, keychain)]
        named = dict(zip(_names(signed, attachments), attachments, strict=True))
        outcomes = await asyncio.gather(*(attached(*one) for one in named.items()))
        failures = [outcome for outcome in outcomes if isinstance(outcome, ChainsError)]
        if not any(map(_may_pass, failures)):
            self._unfinished.forget(named)
        if failures:
            raise _summed(failures, len(outcomes))
        return Stored(tuple(one.location for one in named.values()), written=any(outcomes))

    def _attachments(self, signed: SignedPayload, image: ImageReference, keychain: Keychain) -> Iterable[Attachment]:
        payload, repository = signed.payload, self._repository or image.repository
        is_statement = payload.media_type == IN_TOTO
        if (self._tags or not is_statement) and payload.predicate_type != COSIGN_SIGN:
            tag = tag_for(image.digest, payload.media_type)
            yield TagAttachment(self._client, layer_for(signed), repository, tag, keychain)
        if is_statement and (self._bundles or payload.predicate_type == COSIGN_SIGN):
            yield BundleAttachment(self._client, signed, image, repository, keychain)

    async def _attach_with_credentials(self, attachment: Attachment, origin: Origin) -> bool:
        try:
            return await attachment.attach()
        except DeniedError:
            self._forget(origin)
            return await attachment.attach()


def _names(signed: SignedPayload, attachments: Iterable[Attachment]) -> Iterable[bytes]:
    """Return short names: equal only for what stores the same bytes, log entry included, in the same place."""
    entry = repr(signed.log_entry).encode()
    content = hashlib.sha256(signed.payload.body + signed.signed_bytes + entry).digest()
    for one in attachments:
        place = f"{type(one).__name__} {one}".encode()
        yield hashlib.blake2b(content + place, digest_size=16).digest()


def _may_pass(failure: ChainsError) -> bool:
    return isinstance(failure, EdgeError) and failure.transient


def _explained(error: ChainsError, place: Attachment, origin: Origin) -> ChainsError:
    if not isinstance(error, DeniedError):
        return error
    account = f"{origin.namespace}/{origin.service_account or 'default'}"
    return DeniedError(f"{error} (service account {account}, for {place})", transient=error.transient)


def _summed(failures: list[ChainsError], tried: int) -> ChainsError:
    if len(failures) == 1 and tried == 1:
        return failures[0]
    waits = [error.retry_after for error in failures if isinstance(error, EdgeError) and error.retry_after is not None]
    return EdgeError(
        f"{len(failures)} of {tried} images have nothing attached: {'; '.join(map(str, failures[:5]))}",
        transient=any(map(_may_pass, failures)),
        retry_after=max(waits, default=None),
    )
