"""What has to be looked at, gathered from registries and a cluster before anything is."""

from collections.abc import Iterable
from dataclasses import dataclass

from chains.artifacts.image_name import ImageName
from chains.audit.verdict import Entry, RunClaim
from chains.cli.audit.scope import Note, SawRun, Scope, Target, claimed_images, tagged_images
from chains.cli.registry_images import RegistryImages


@dataclass(frozen=True, slots=True)
class Gathered:
    """What has to be looked at, and what a reader must know of it."""

    things: tuple[Target | RunClaim | Entry, ...]
    notes: tuple[str, ...]


async def gathered(
    scope: Scope, source: RegistryImages, prefix: str, kubeconfig: str | None, seconds: float, saw: SawRun
) -> Gathered:
    """Return what has to be asked for: the tags of repositories, what runs claim, and what went wrong."""
    found: list[Target | RunClaim | Entry] = []
    notes: list[str] = []
    async for one in tagged_images(scope, source, prefix, seconds):
        if isinstance(one, Note):
            notes.append(one.text)
        else:
            found.append(one)
    async for claim in claimed_images(scope, kubeconfig, saw):
        found.extend(targets_of(claim))
    return Gathered(tuple(found), tuple(notes))


def targets_of(claim: RunClaim | Entry) -> Iterable[Target | RunClaim | Entry]:
    """Return the images of a run that are to be looked at, or the run itself where there is none."""
    if isinstance(claim, Entry) or not claim.done or not claim.images:
        return [claim]
    return [Target(ImageName(str(image), image.repository, "", image.digest), claim) for image in claim.images]
