"""An audit made again from its evidence, with no network: the same questions to the same bytes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from chains.artifacts.image_name import ImageName
from chains.artifacts.reference import ImageReference, shown
from chains.audit.document import VERSION
from chains.audit.verdict import BAD, Entry, RunClaim, Verdict
from chains.cli.audit.gather import targets_of
from chains.cli.audit.scope import Target, read_claim
from chains.cli.evidence.names import REPORT, image_folder, run_file
from chains.cli.evidence.read import EvidenceShelf
from chains.cli.image_flags import ImageFlags
from chains.cli.image_source import largest_layer
from chains.errors import InputError
from chains.registry.client import Manifest
from chains.registry.remembering_shelf import RememberingShelf
from chains.registry.stored_images import StoredImages
from chains.registry.stored_layers import LayerReader
from chains.runs.run import KINDS
from chains.runs.sighting import RunKey

_NOT_HELD = "the evidence does not hold what it could be judged by"


class _Run(msgspec.Struct, frozen=True):
    kind: str
    namespace: str
    name: str
    uid: str

    @property
    def key(self) -> RunKey:
        if self.kind not in KINDS:
            raise InputError(f"the report in the evidence tells of a {shown(self.kind)}, which is no kind of run")
        return RunKey(self.kind, self.namespace, self.name, self.uid)

    @classmethod
    def of(cls, claim: RunClaim | None) -> "_Run | None":
        return None if claim is None else cls(claim.key.kind, claim.key.namespace, claim.key.name, claim.key.uid)


class _Row(msgspec.Struct, frozen=True):
    name: str
    verdict: Verdict
    why: list[str] = []
    image: str | None = None
    run: _Run | None = None


class _Recorded(msgspec.Struct, frozen=True):
    schema: int
    audited: datetime
    by: str
    scope: list[str]
    keys: list[dict[str, str]]
    entries: list[_Row]


@dataclass(frozen=True, slots=True)
class Again:
    """Some evidence: images to be looked at as if they were in a registry, log entries, and the report made of them."""

    folder: Path
    flags: ImageFlags
    recorded: _Recorded

    @classmethod
    def read(cls, folder: Path, flags: ImageFlags) -> "Again":
        """Read the report that tells what was looked at; raise InputError when it is none."""
        try:
            recorded = msgspec.json.decode((folder / REPORT).read_bytes(), type=_Recorded)
            recorded = msgspec.structs.replace(recorded, audited=recorded.audited.astimezone(UTC))
        except (OSError, msgspec.DecodeError, ValueError, OverflowError, RecursionError) as error:
            raise InputError(f"the evidence has no report that can be read: {error}") from error
        if recorded.schema != VERSION:
            by = f"form {recorded.schema}, by {recorded.by}; form {VERSION} is read here"
            raise InputError(f"the report of the evidence is of {by}: judge it with the version that made it")
        return cls(folder, flags, recorded)

    @property
    def key_ids(self) -> str:
        """The fingerprints of the keys that the audit took."""
        return ", ".join(key.get("keyId", "") for key in self.recorded.keys)

    def things(self) -> Iterator[Target | RunClaim | Entry]:
        """Yield what was looked at, in the order of the report; runs tell anew which images they made."""
        if not self.recorded.entries:
            yield Entry("the evidence", Verdict.UNKNOWN, ("its report tells of nothing",))
        told: set[_Run] = set()
        for row in self.recorded.entries:
            if row.run is None:
                yield self._image(row)
            elif row.run not in told:
                told.add(row.run)
                yield from self._of_run(row, row.run)

    def differences(self, entries: Sequence[Entry]) -> Iterator[str]:
        """Yield where the report in the evidence says something else than its evidence gives."""
        found = {(_Run.of(one.run), one.name): str(one.verdict) for one in entries}
        said = {(row.run, row.name): str(row.verdict) for row in self.recorded.entries}
        for key, verdict in said.items():
            now = found.get(key, "not to be found")
            if now != verdict:
                yield f"of {key[1]} the report in the evidence says {verdict}, and judged again it is {now}"
        for key, now in found.items():
            if said and key not in said:
                yield f"the report in the evidence is silent on {key[1]}, which judged again is {now}"

    def untold(self, things: Iterable[Target | RunClaim | Entry]) -> Iterator[str]:
        """Yield what lies in the evidence and is about none of the things in its report."""
        told: set[str] = set()
        for thing in things:
            run = thing if isinstance(thing, RunClaim) else thing.run
            told |= {run_file(run.key)} if run is not None else set()
            told |= {image_folder(_image_of(thing.name))} if isinstance(thing, Target) else set()
        found = [path.parent for path in self.folder.glob("images/**/index.json")]
        found += [path for path in self.folder.glob("runs/**/*") if path.is_file()]
        for name in sorted({path.relative_to(self.folder).as_posix() for path in found} - told):
            yield f"the evidence holds {name}, of which its report does not tell"

    async def manifest(self, name: ImageName) -> Manifest:
        """Return the image's manifest."""
        image = _image_of(name)
        return Manifest(await EvidenceShelf(self.folder).manifest(image, image.digest), "", image.digest)

    def remembered(self) -> tuple[RememberingShelf, StoredImages]:
        """Return a shelf for one image, and the finder of candidates on it."""
        shelf = RememberingShelf(EvidenceShelf(self.folder))
        return shelf, StoredImages(LayerReader(shelf, largest=largest_layer()), self.flags.layouts)

    def _image(self, row: _Row) -> Target | Entry:
        image = None if row.image is None else ImageReference.parse(row.image)
        if image is None or not self._has(image):
            return _as_recorded(row)
        named = ImageName.parse(row.name)
        if named.repository != image.repository or named.digest not in (None, image.digest):
            raise InputError(f"the report in the evidence takes {image} for {shown(row.name)}, which is another image")
        return Target(ImageName(row.name, image.repository, "", image.digest))

    def _of_run(self, row: _Row, run: _Run) -> Iterator[Target | RunClaim | Entry]:
        path = self.folder / run_file(run.key)
        if not path.is_file():
            yield _as_recorded(row)
            return
        claim = read_claim(path.read_bytes())
        for thing in targets_of(claim):
            if isinstance(thing, Target) and not self._has(_image_of(thing.name)):
                yield replace(self._recorded_of(thing.name.text, run), run=claim)
            else:
                yield thing

    def _has(self, image: ImageReference) -> bool:
        return (self.folder / image_folder(image) / "index.json").is_file()

    def _recorded_of(self, name: str, run: _Run) -> Entry:
        rows = (row for row in self.recorded.entries if (row.name, row.run) == (name, run))
        return _as_recorded(next(rows, _Row(name, Verdict.UNKNOWN)))


def _as_recorded(row: _Row) -> Entry:
    """Return what the report says where nothing can be judged again; what is good is not taken on trust."""
    verdict = row.verdict if row.verdict in BAD else Verdict.UNKNOWN
    return Entry(row.name, verdict, (*row.why, _NOT_HELD), ImageReference.parse(row.image) if row.image else None)


def _image_of(name: ImageName) -> ImageReference:
    if name.digest is None:
        raise InputError(f"the evidence names {name.text} without its digest")
    return ImageReference(name.repository, name.digest)
