"""The cosign commands that come to the same verdict, for whoever would rather not believe us."""

import shlex
from dataclasses import dataclass

from chains.audit.report import Report
from chains.audit.verdict import Entry, Proof
from chains.payloads.candidate import Layout

TAGS = "Out of the tags .sig and .att, with cosign 2 or 3"
BUNDLES = "Out of Sigstore bundles, with cosign 3"


@dataclass(frozen=True, slots=True)
class Commands:
    """The commands for one layout, in the order they are to be run."""

    title: str
    layout: Layout
    lines: tuple[str, ...]


def key_file(report: Report, name: str) -> str:
    """Return the file that the commands expect a key in."""
    if len(report.keys) == 1:
        return "cosign.pub"
    names = [key.name for key in report.keys]
    return f"cosign-{names.index(name) + 1 if name in names else 1}.pub"


def commands_for(report: Report, entry: Entry) -> tuple[Commands, ...]:
    """Return the commands for each layout that something is stored in, and for both where nothing is."""
    if entry.image is None or not entry.image.repository.registry:
        return ()
    proofs = (*entry.signatures, *entry.attestations)
    layouts = {proof.accepted.candidate.layout for proof in proofs} | {one.candidate.layout for one in entry.refusals}
    stored = [layout for layout in (Layout.TAG, Layout.BUNDLE) if layout in layouts]
    if not stored and layouts:
        return ()  # it is all in the annotations of a run, where cosign does not look
    both = len(stored) == 2
    return tuple(_commands(report, entry, layout, both) for layout in stored or (Layout.TAG, Layout.BUNDLE))


def _commands(report: Report, entry: Entry, layout: Layout, both: bool) -> Commands:
    signatures = _by_layout(entry.signatures, layout)
    attestations = _by_layout(entry.attestations, layout)
    kinds = tuple(dict.fromkeys(proof.accepted.claim.kind for proof in attestations)) or report.types
    key = key_file(report, next((proof.key_name for proof in (*signatures, *attestations)), report.keys[0].name))
    # cosign 3 looks at nothing else where there is a bundle, and both cosigns know the flag.
    chosen = (
        ("--new-bundle-format=true",) if layout is Layout.BUNDLE else ("--new-bundle-format=false",) if both else ()
    )
    asked = next(filter(None, map(_asked, (*signatures, *attestations))), "")
    flags = ("--key", key, *_log(report, layout), *(("--rekor-url", asked) if asked else ()), *chosen)
    lines = [_line(report, layout, "verify", *flags, str(entry.image))]
    lines += [_line(report, layout, "verify-attestation", "--type", kind, *flags, str(entry.image)) for kind in kinds]
    return Commands(TAGS if layout is Layout.TAG else BUNDLES, layout, tuple(lines))


def _by_layout(proofs: tuple[Proof, ...], layout: Layout) -> tuple[Proof, ...]:
    return tuple(proof for proof in proofs if proof.accepted.candidate.layout is layout)


def _log(report: Report, layout: Layout) -> tuple[str, ...]:
    if not report.log_checked:
        return ("--insecure-ignore-tlog=true",)
    return ("--trusted-root", "trusted_root.json") if layout is Layout.BUNDLE else ()


def _asked(proof: Proof) -> str:
    """Return the log that was asked for an entry, empty where it stands beside what is signed."""
    entry = proof.accepted.signed.log_entry
    return entry.url.partition("/api/v1/")[0] if entry is not None else ""


def _line(report: Report, layout: Layout, *words: str) -> str:
    log_key = "SIGSTORE_REKOR_PUBLIC_KEY=rekor.pub " if report.log_checked and layout is Layout.TAG else ""
    return f"{log_key}cosign {shlex.join(words)}"
