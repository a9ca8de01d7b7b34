"""The store named "oci": signed payloads beside their image, as cosign keeps them, appended and never replaced."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from chains.artifacts.reference import ImageReference, Repository
from chains.errors import ChainsError, EdgeError, InputError
from chains.payloads.payload import Origin, SignedPayload, Stored
from chains.registry.client import Manifest, RegistryClient
from chains.registry.cosign_layout import (
    EMPTY,
    Image,
    Layer,
    append_layer,
    config_digest,
    is_present,
    layer_for,
    tag_for,
)
from chains.registry.credential import Keychain
from chains.registry.refusals import DeniedError

TRIES = 8
IMAGES_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class _Place:
    """One tag, and the keychain that opens it."""

    repository: Repository
    tag: str
    keychain: Keychain

    def __str__(self) -> str:
        return f"{self.repository}:{self.tag}"


class OciStore:
    """Appends layers to `.sig` and `.att` tags; one writer a tag in this process, and every write is read back."""

    def __init__(
        self,
        client: RegistryClient,
        keychain_for: Callable[[Origin], Keychain],
        repository: Repository | None = None,
        forget: Callable[[Origin], None] = lambda origin: None,
    ) -> None:
        """Set it up.

        `repository` is where everything goes, read and written, instead of each image's own repository. `forget` is
        called when a registry refuses a run's credentials, before they are looked up and tried once more.
        """
        self._client = client
        self._keychain_for = keychain_for
        self._repository = repository
        self._forget = forget

    async def put(self, signed: SignedPayload, origin: Origin) -> Stored:
        """Attach the payload to each of its images; raise EdgeError, after all were tried, when some failed."""
        layer = layer_for(signed)
        keychain = self._keychain_for(origin)
        places = [self._place(image, signed.payload.media_type, keychain) for image in signed.payload.images]
        free = asyncio.Semaphore(IMAGES_AT_ONCE)

        async def attached(place: _Place) -> bool | ChainsError:
            async with free:
                try:
                    return await self._attach_with_credentials(layer, place, origin)
                except ChainsError as error:
                    return _explained(error, place, origin)

        places = list(dict.fromkeys(places))
        outcomes = await asyncio.gather(*map(attached, places))
        failures = [outcome for outcome in outcomes if isinstance(outcome, ChainsError)]
        if failures:
            raise _summed(failures, len(outcomes))
        return Stored(tuple(f"{place}@{layer.digest}" for place in places), written=any(outcomes))

    def _place(self, image: ImageReference, media_type: str, keychain: Keychain) -> _Place:
        return _Place(self._repository or image.repository, tag_for(image.digest, media_type), keychain)

    async def _attach_with_credentials(self, layer: Layer, place: _Place, origin: Origin) -> bool:
        try:
            return await self._attach(layer, place)
        except DeniedError:
            self._forget(origin)
            return await self._attach(layer, place)

    async def _attach(self, layer: Layer, place: _Place) -> bool:
        """Append until the tag is read with the layer in it; outside writers know no lock, and may drop it.

        Return whether anything had to be written.
        """
        async with self._client.writer(place.repository, place.tag):
            for attempt in range(TRIES):
                found = await self._client.get_manifest(place.repository, place.tag, place.keychain, writing=True)
                if found is not None and _has(found, layer, place):
                    return attempt > 0
                await self._append(found, layer, place)
            raise EdgeError(f"what was written to {place} was gone again {TRIES - 1} times", transient=True)

    async def _append(self, found: Manifest | None, layer: Layer, place: _Place) -> None:
        repository, keychain = place.repository, place.keychain
        try:
            grown = append_layer(EMPTY if found is None else await self._image(found, place), layer)
        except InputError as error:
            raise _unfit(place, error) from error
        # Where only an annotation changes, the blobs are there already; putting one again costs little and is safe.
        blobs = [layer.body] if grown.config is None else [grown.config, layer.body]
        await asyncio.gather(*(self._client.put_blob(repository, blob, keychain) for blob in blobs))
        await self._client.put_manifest(repository, place.tag, grown.manifest, grown.media_type, keychain)

    async def _image(self, found: Manifest, place: _Place) -> Image:
        digest = config_digest(found.body)
        config = None if digest is None else await self._client.get_blob(place.repository, digest, place.keychain)
        return Image(found.body, found.media_type, config)


def _has(found: Manifest, layer: Layer, place: _Place) -> bool:
    try:
        return is_present(found.body, layer)
    except InputError as error:
        raise _unfit(place, error) from error


def _unfit(place: _Place, error: InputError) -> EdgeError:
    return EdgeError(
        f"nothing can be added to {place}: {error}; whoever wrote that tag can move it out of the way", transient=False
    )


def _explained(error: ChainsError, place: _Place, origin: Origin) -> ChainsError:
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
        transient=all(isinstance(error, EdgeError) and error.transient for error in failures),
        retry_after=max(waits, default=None),
    )
