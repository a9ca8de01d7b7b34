"""docs/interop.md out of what the verifiers said; `make interop` fills it anew."""

import argparse
import asyncio
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.peers.bench import REAL_REGISTRIES
from tests.peers.matrix import COLUMNS, NEIGHBOURS, SETTINGS, Verdicts, Written, verdicts
from tests.peers.programs import Finished

YES = "yes"
PROGRAMS = {"cosign-2": "cosign 2.5.0", "cosign-3": "cosign 3.1.1", "skopeo": "skopeo 1.18", "chains": "chains"}
_LOGS = {"off": "none", "v1": "Rekor v1", "v2": "Rekor v2"}
_HEADINGS = {
    "nobody": "As we wrote it",
    "cosign-2": "After a stranger's `cosign attest` with cosign 2.5.0",
    "cosign-3": "After a stranger's `cosign attest` with cosign 3.1.1",
}
_OPENING = """\
# Who verifies what

Every cell is a run of the program named above it, on an image that `chains sign` signed and attested, in
docker-registry 2.8, which does not list referrers, and in go-containerregistry's registry, which does: a cell
speaks for both. Where a transparency log was written to, the verifier is given the log's key and refuses what is
not logged; where there was none, it is told so. Each program has to find our signature, or our attestation, by our
key.

`make peers` runs all of it and compares the result with this page; `make interop` writes it anew. The setting is
`storage.oci.encoding-format`. **`both` verifies with every program, whoever else attests the image**, as long as
the log, if any, speaks Rekor's first API.
"""


@dataclass(frozen=True)
class Refusal:
    """A 'no' that is by nature: who says it, its very words, where, and why."""

    mark: str
    program: str
    words: tuple[str, ...]
    encoding: str
    why: str


REFUSALS = (
    Refusal(
        "a",
        "cosign-2",
        ("no signatures found", "no matching attestations"),
        "sigstore-bundle",
        "cosign 2 reads the tags `.sig` and `.att` and no bundles: it ends with 10 and `no signatures found`, or finds "
        "no attestation but the stranger's.",
    ),
    Refusal(
        "b",
        "skopeo",
        ("A signature was required, but no signature exists",),
        "sigstore-bundle",
        "skopeo, and with it Podman and CRI-O, read the tag `.sig` and no bundles.",
    ),
    Refusal(
        "c",
        "cosign-3",
        ("accepted signatures do not match threshold", "not enough verified log entries"),
        "dsse",
        "As soon as an image has one bundle, whoever wrote it, cosign 3 reads bundles only, and does not see what is "
        "under the tags. `--new-bundle-format=false` makes it look; `both` makes that unnecessary.",
    ),
    Refusal(
        "d",
        "cosign-2",
        ("offline verification failed",),
        "both",
        "An entry of Rekor's second API fits into a bundle and not into the annotation of a tag: who demands the log "
        "has to read bundles. The signature under the tag itself holds, as without a log.",
    ),
    Refusal("d", "skopeo", ("missing dev.sigstore.cosign/bundle annotation",), "both", ""),
)


def page(found: Verdicts) -> str:
    """Write the page; raise AssertionError at a refusal that nobody expects, or where the registries differ."""
    tables: list[str] = []
    for neighbour in NEIGHBOURS:
        tables += ["", f"## {_HEADINGS[neighbour]}", "", *_table(found, neighbour)]
    notes = [f"- **{one.mark}** {one.why}" for one in REFUSALS if one.why]
    return "\n".join([_OPENING.rstrip(), *tables, "", "## Why some say no", "", *notes, ""])


def cell(found: Verdicts, encoding: str, log: str, neighbour: str, column: tuple[str, str]) -> str:
    """Say what one program made of one way of writing, in every registry."""
    said = {
        verdict(found[Written(encoding, log, registry, neighbour), column], encoding, column[0])
        for registry in REAL_REGISTRIES
    }
    assert len(said) == 1, f"registries differ: {encoding} {log} {neighbour} {column} {said}"
    return said.pop()


def verdict(finished: Finished, encoding: str, program: str) -> str:
    """Say yes, or no with the mark of why."""
    if finished.succeeded:
        return YES
    expected = (one for one in REFUSALS if (one.program, one.encoding) == (program, encoding))
    marks = {one.mark for one in expected if any(words in finished.err for words in one.words)}
    assert len(marks) == 1, finished
    return f"no ({marks.pop()})"


def _table(found: Verdicts, neighbour: str) -> Iterable[str]:
    yield f"| encoding | log | {' | '.join(f'{PROGRAMS[program]}, {what}' for program, what in COLUMNS)} |"
    yield "|" + "---|" * (2 + len(COLUMNS))
    for encoding, log in SETTINGS:
        cells = [cell(found, encoding, log, neighbour, column) for column in COLUMNS]
        yield f"| `{encoding}` | {_LOGS[log]} | {' | '.join(cells)} |"


def main() -> None:
    """Run every verifier and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, required=True, metavar="FILE")
    target = parser.parse_args().write
    with tempfile.TemporaryDirectory() as folder:
        target.write_text(page(asyncio.run(verdicts(Path(folder)))))


if __name__ == "__main__":
    main()
