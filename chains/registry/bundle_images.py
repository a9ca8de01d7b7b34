"""The way back from Sigstore bundles: what refers to an image, as signed payloads, unverified."""

import asyncio
from collections.abc import Callable

import msgspec

from chains.artifacts.reference import Digest, ImageReference, Repository
from chains.errors import EdgeError, InputError
from chains.payloads.dsse import envelope
from chains.payloads.payload import Payload, Signature, SignedPayload
from chains.payloads.pem_block import pem_of
from chains.payloads.sigstore_bundle import SigstoreBundle, read_bundle
from chains.registry.client import RegistryClient
from chains.registry.credential import Keychain
from chains.registry.referrer_lists import list_referrers
from chains.registry.referrers import PREDICATE_KEY, Referrer, bundle_layer
from chains.registry.refusals import UnreadableError

AT_ONCE = 8
MOST_REFERRERS = 1000


class _Statement(msgspec.Struct):
    predicate_type: str = msgspec.field(name="predicateType", default="")


class BundleImages:
    """Reads the bundles among an image's referrers."""

    def __init__(self, client: RegistryClient, keychain: Keychain, repository: Repository | None = None) -> None:
        """`repository` is where everything is kept, instead of each image's own repository."""
        self._client = client
        self._keychain = keychain
        self._repository = repository

    async def find(self, image: ImageReference, wanted: Callable[[str], bool]) -> tuple[tuple[SignedPayload, ...], int]:
        """Return the payloads whose predicate type is wanted, and how many bundles could not be read."""
        repository = self._repository or image.repository
        found = await list_referrers(self._client, repository, image.digest, self._keychain, writing=False)
        if len(found.listed) > MOST_REFERRERS:
            raise EdgeError(
                f"{len(found.listed)} referrers of {image} are listed, and {MOST_REFERRERS} are read at most",
                transient=False,
            )
        free = asyncio.Semaphore(AT_ONCE)

        async def read(referrer: Referrer) -> SigstoreBundle | InputError | None:
            async with free:
                try:
                    return await self._read(repository, referrer)
                except (InputError, UnreadableError) as error:
                    return InputError(str(error))

        bundles = await asyncio.gather(*(read(one) for one in found.listed if _may_be(one, wanted)))
        read_well = [one for one in bundles if isinstance(one, SigstoreBundle)]
        signed = [
            payload for one in read_well for payload in _signed(one, image) if wanted(payload.payload.predicate_type)
        ]
        return tuple(signed), sum(isinstance(one, InputError) for one in bundles)

    async def _read(self, repository: Repository, referrer: Referrer) -> SigstoreBundle | None:
        """Return a bundle, None for what is none and says so."""
        manifest = await self._client.get_manifest(repository, Digest.parse(referrer.digest), self._keychain)
        if manifest is None:
            raise InputError(f"{referrer.digest} is listed and not there")
        layer = bundle_layer(manifest.body)
        if layer is None:
            return None
        return read_bundle(await self._client.get_blob(repository, Digest.parse(layer.digest), self._keychain))


def _may_be(referrer: Referrer, wanted: Callable[[str], bool]) -> bool:
    """Whether it is worth fetching; cosign itself lists its bundles under a wrong type and without annotations."""
    told = (referrer.annotations or {}).get(PREDICATE_KEY)
    return told is None or wanted(told)


def _signed(bundle: SigstoreBundle, image: ImageReference) -> list[SignedPayload]:
    found = bundle.envelope
    payload = Payload(found.body, found.payload_type, _predicate_type(found.body), "", (image,))
    entry = bundle.log_entries[0] if bundle.log_entries else None
    certificate = pem_of("CERTIFICATE", bundle.certificate) if bundle.certificate else ""
    signatures = [Signature(one.raw, one.key_id, certificate) for one in found.signatures]
    return [SignedPayload(payload, one, envelope(payload.media_type, payload.body, one), entry) for one in signatures]


def _predicate_type(body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=_Statement).predicate_type
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
