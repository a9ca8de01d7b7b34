"""What stands beside images in a registry, in cosign's layouts and in Sigstore bundles, unverified."""

from itertools import chain

from chains.artifacts.reference import ImageReference, Repository
from chains.payloads.candidate import Layout
from chains.payloads.payload import SignedPayload
from chains.registry.client import RegistryClient
from chains.registry.credential import Keychain
from chains.registry.registry_shelf import RegistryShelf
from chains.registry.stored_images import StoredImages, is_signature_bundle
from chains.registry.stored_layers import LayerReader


class CosignImages(StoredImages):
    """Reads the `.sig` and `.att` tags of registries, and Sigstore bundles: neither hides the other."""

    def __init__(self, client: RegistryClient, keychain: Keychain, repository: Repository | None = None) -> None:
        """`repository` is where everything is kept, instead of each image's own repository."""
        super().__init__(LayerReader(RegistryShelf(client, keychain, repository)))

    async def signatures(self, image: ImageReference) -> tuple[SignedPayload, ...]:
        """Return every simple-signing payload of the image, and every signing statement in a bundle, unverified."""
        found = await self.find_signatures(image)
        kept = (one.signed for one in found if one.layout is Layout.TAG or is_signature_bundle(one))
        return tuple(chain.from_iterable(kept))

    async def attestations(self, image: ImageReference) -> tuple[SignedPayload, ...]:
        """Return every enveloped statement of the image, once for each signature on it, unverified."""
        return tuple(chain.from_iterable(candidate.signed for candidate in await self.find_attestations(image)))
