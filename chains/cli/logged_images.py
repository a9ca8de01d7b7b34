"""What stands beside an image, with the log entries that do not: those are asked for."""

import asyncio
from dataclasses import replace

from chains.artifacts.reference import ImageReference
from chains.cli.image_source import ImageSource
from chains.errors import ChainsError, EdgeError, VerificationError
from chains.payloads.candidate import Candidate, Layout
from chains.payloads.dsse import signed_message
from chains.payloads.payload import SignedPayload
from chains.pipeline.ports import LogLookup, SignedImages, Verifier


class LoggedImages:
    """Finds candidates, and the entry of each layer that has none; cosign asks for those of bundles neither.

    Only what the key signed is asked for.
    """

    def __init__(self, stored: SignedImages, verifier: Verifier, search: LogLookup) -> None:
        self._stored = stored
        self._verifier = verifier
        self._search = search

    async def find_signatures(self, image: ImageReference) -> tuple[Candidate, ...]:
        """Return what may be a signature of the image."""
        return await self._with_entries(await self._stored.find_signatures(image))

    async def find_attestations(self, image: ImageReference) -> tuple[Candidate, ...]:
        """Return what may be an attestation of the image."""
        return await self._with_entries(await self._stored.find_attestations(image))

    async def _with_entries(self, candidates: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
        return tuple(await asyncio.gather(*map(self._with_entry, candidates)))

    async def _with_entry(self, candidate: Candidate) -> Candidate:
        if candidate.layout is Layout.BUNDLE or not any(map(self._lacks, candidate.signed)):
            return candidate
        try:
            signed = [await self._logged(one) for one in candidate.signed]
        except ChainsError as error:
            passing = isinstance(error, EdgeError) and error.transient
            why = f"no transparency log entry stands beside it, and {error}"
            return replace(candidate, fault=why, unanswered=passing)
        return replace(candidate, signed=tuple(signed))

    def _lacks(self, signed: SignedPayload) -> bool:
        if signed.log_entry is not None:
            return False
        try:
            self._verifier.verify(signed_message(signed), signed.signature.raw)
        except VerificationError:
            return False
        return True

    async def _logged(self, signed: SignedPayload) -> SignedPayload:
        if not self._lacks(signed):
            return signed
        return replace(signed, log_entry=await self._search.find(signed, self._verifier.public_pem))


class LoggedSource:
    """A source of images, whose candidates come with the entries that one log has for them."""

    def __init__(self, source: ImageSource, verifier: Verifier, search: LogLookup) -> None:
        self._source = source
        self._verifier = verifier
        self._search = search

    async def resolve(self, text: str) -> ImageReference:
        """Return the image by digest, as the source does."""
        return await self._source.resolve(text)

    def stored(self, text: str) -> SignedImages:
        """Return the finder of candidates beside an image."""
        return LoggedImages(self._source.stored(text), self._verifier, self._search)
