"""The examination: a scope fetched over one pool of connections, a bounded number at once, and judged."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from chains.artifacts.image_name import ImageName
from chains.artifacts.reference import Digest, ImageReference, Repository
from chains.audit.claims import needs_of, verdict_without_image, with_mark
from chains.audit.judge import Needs, Question, judge
from chains.audit.verdict import Document, Entry, Found, RunClaim, Verdict
from chains.cli.audit.ports import Keeper, Source
from chains.cli.audit.scope import Target
from chains.cli.image_source import ImageNotFoundError
from chains.cli.logged_images import LoggedImages
from chains.cli.persistence import persistently
from chains.errors import ChainsError
from chains.payloads.candidate import Candidate
from chains.pipeline.ports import LogLookup, SignedImages
from chains.registry.client import Manifest

_NO_DIGEST = Digest("sha256", "0" * 64)
_TITLES = {".sig": "Manifest of the signatures (.sig)", ".att": "Manifest of the attestations (.att)"}


@dataclass(frozen=True, slots=True)
class Pace:
    """How many images are looked at together, and the seconds that one may take."""

    at_once: int
    patience: float


@dataclass(frozen=True, slots=True)
class Examiner:
    """Looks at images.

    `done` is told of each entry, `lookup` asked for log entries that are not stored, `keeper` told of what was read.
    """

    source: Source
    question: Question
    pace: Pace
    needed: Needs
    done: Callable[[], None]
    lookup: LogLookup | None
    keeper: Keeper

    async def examine(self, found: Sequence[Target | RunClaim | Entry]) -> tuple[Entry, ...]:
        """Return an entry for each, in their order; one that fails stops no other."""
        free = asyncio.Semaphore(self.pace.at_once)
        looks: dict[ImageReference, asyncio.Task[Found]] = {}

        async def one(thing: Target | RunClaim | Entry) -> Entry:
            async with free:
                entry = await self._entry(thing, looks)
                self.done()
                return entry

        try:
            return tuple(await asyncio.gather(*map(one, found)))
        finally:
            for look in looks.values():
                look.cancel()
            await asyncio.gather(*looks.values(), return_exceptions=True)

    async def _entry(self, thing: Target | RunClaim | Entry, looks: dict[ImageReference, asyncio.Task[Found]]) -> Entry:
        if isinstance(thing, Entry):
            return thing
        if isinstance(thing, RunClaim):
            return await self._without_image(thing)
        name = thing.name.text
        try:
            async with asyncio.timeout(self.pace.patience):
                found = await self._look(thing.name, looks)
                return await self._judged(name, found, thing.run)
        except ImageNotFoundError as error:
            return Entry(name, Verdict.MISSING, (str(error),), _reference(thing.name), thing.run)
        except ChainsError as error:
            return Entry(name, Verdict.UNKNOWN, (str(error),), _reference(thing.name), thing.run)
        except TimeoutError:
            late = f"it could not be looked at within {self.pace.patience:.0f} s; --timeout gives each image longer"
            return Entry(name, Verdict.UNKNOWN, (late,), _reference(thing.name), thing.run)

    async def _without_image(self, run: RunClaim) -> Entry:
        verdict = verdict_without_image(run, self.needed)
        if verdict is not None:
            return Entry(str(run.key), verdict[0], (verdict[1],) if verdict[1] else (), run=run)
        image = ImageReference(Repository("", str(run.key)), run.artifact or _NO_DIGEST)
        entry = await self._judged(str(run.key), Found(image, (), ()), run)
        return replace(entry, image=None)

    async def _judged(self, name: str, found: Found, run: RunClaim | None) -> Entry:
        needs = needs_of(run)
        needs = replace(
            needs,
            signature=needs.signature and self.needed.signature,
            attestation=needs.attestation and self.needed.attestation,
        )
        judgement = await judge(await self._with_held(found, run), self.question, needs)
        verdict, why = (judgement.verdict, judgement.why) if run is None else with_mark(judgement, run)
        return Entry(
            name,
            verdict,
            why,
            found.image,
            run,
            judgement.signatures,
            judgement.attestations,
            judgement.refusals,
            found.documents,
        )

    async def _look(self, name: ImageName, looks: dict[ImageReference, asyncio.Task[Found]]) -> Found:
        """Return what stands beside an image; several names of one image have it fetched once."""
        manifest = await persistently(lambda: self.source.manifest(name), self.pace.patience)
        image = ImageReference(name.repository, manifest.digest)
        if image not in looks:
            looks[image] = asyncio.create_task(self._beside(image, manifest))
        return await asyncio.shield(looks[image])

    async def _beside(self, image: ImageReference, manifest: Manifest) -> Found:
        shelf, stored = self.source.remembered()
        logged = self._logged(stored)
        signatures = await persistently(lambda: logged.find_signatures(image), self.pace.patience)
        attestations = await persistently(lambda: logged.find_attestations(image), self.pace.patience)
        self.keeper.saw_image(image, manifest, shelf)
        seen = sorted(shelf.seen(), key=lambda one: one[0])
        documents = [Document("Manifest of the image", manifest.body)]
        documents += [Document(_TITLES.get(name, f"Manifest of the referrer {name}"), body) for name, body in seen]
        return Found(image, signatures, attestations, tuple(documents))

    async def _with_held(self, found: Found, run: RunClaim | None) -> Found:
        """Add what the run itself holds: the attestation of its own, and the signature of this image."""
        if run is None or not run.held:
            return found
        own = _there(run.held.get(f"{run.key.kind.lower()}-{run.key.uid}"))
        logged = self._logged(Found(found.image, _there(run.held.get(found.image.digest.hex[:12])), own))
        return replace(
            found,
            signatures=(*found.signatures, *await logged.find_signatures(found.image)),
            attestations=(*found.attestations, *await logged.find_attestations(found.image)),
        )

    def _logged(self, stored: SignedImages) -> SignedImages:
        """Add the log entries that do not stand beside what one of the keys signed."""
        if self.lookup is not None:
            for key in self.question.keys:
                stored = LoggedImages(stored, key.verifier, self.lookup)
        return stored


def _there(candidate: Candidate | None) -> tuple[Candidate, ...]:
    return () if candidate is None else (candidate,)


def _reference(name: ImageName) -> ImageReference | None:
    return None if name.digest is None else ImageReference(name.repository, name.digest)
