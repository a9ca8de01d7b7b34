"""The provenance of one image as a picture: source, run, image, what is signed, log. Lists, laid out by the style."""

from collections.abc import Iterable, Iterator, Sequence

from chains.audit.build import Build, Task
from chains.audit.markup import Child, Markup, tag
from chains.audit.report import Report
from chains.audit.verdict import Entry, Proof, Verdict
from chains.audit.words import log_words, many, short

_MOST = 3
_MOST_TASKS = 8
_COMMIT = 12


def picture(report: Report, entry: Entry) -> Markup | None:
    """Return the way from the source to the log, once for each build that the attestations tell of."""
    if entry.image is None and entry.run is None:
        return None
    told = [proof for proof in entry.attestations if proof.build is not None]
    ways = [_way(report, entry, proof) for proof in told[:_MOST]] or [_way(report, entry, None)]
    left = len(told) - _MOST
    more = tag("p", f"{many(left, 'more attestation')} of this image: below.", class_="soft") if left > 0 else None
    return tag("figure", tag("figcaption", "From source to log"), ways, more, class_="way")


def _way(report: Report, entry: Entry, attestation: Proof | None) -> Markup:
    build = attestation.build if attestation is not None else None
    attested = (attestation,) if attestation is not None else entry.attestations
    proofs = (*entry.signatures, *attested)
    stages = (
        ("Source", _sources(build)),
        ("Run", _run(entry, build)),
        ("Image", _image(entry)),
        ("Signed", [*_signed("signature", entry.signatures), *_signed("attestation", attested)]),
        ("Logged", _logged(report, proofs)),
    )
    shown = [tag("li", tag("b", title, class_="stage"), nodes, class_="step") for title, nodes in stages]
    return tag("ol", shown, aria_label="From source to log")


def _node(*lines: Child, tone: str = "") -> Markup:
    return tag("div", *lines, class_=f"node {tone}".strip())


def _line(text: str, class_: str = "soft") -> Markup | None:
    return tag("span", text, class_=class_) if text else None


def _missing(text: str, class_: str = "soft") -> Markup:
    return _node(_line(text, class_), tone="gap")


def _sources(build: Build | None) -> list[Markup]:
    if build is None or not build.sources:
        return [_missing("none is told of")]
    return [
        _node(
            _line(used.uri.removeprefix("git+"), "mono"),
            *(_line(f"{name}:{value[:_COMMIT]}", "mono soft") for name, value in used.digest.items()),
        )
        for used in build.sources[:_MOST]
    ]


def _run(entry: Entry, build: Build | None) -> list[Markup]:
    run = entry.run
    if run is None and build is None:
        return [_missing("none is told of")]
    tasks = build.tasks if build is not None else ()
    named = [task for task in tasks if task.name]
    kind = run.key.kind if run is not None else "PipelineRun" if named else "Run"
    name = f"{run.key.namespace}/{run.key.name}" if run is not None else ""
    uid = build.invocation if build is not None else run.key.uid if run is not None else ""
    builder = _line(f"by {build.builder_id}") if build is not None and build.builder_id else None
    children = _tasks(named) if named else _line(_steps(tasks))
    return [_node(_line(kind, "kind"), _line(name, "mono"), _line(uid, "mono soft"), builder, children)]


def _tasks(tasks: Sequence[Task]) -> Markup:
    rows = [tag("li", _line(task.name, "mono"), _line(task.status)) for task in tasks[:_MOST_TASKS]]
    left = len(tasks) - _MOST_TASKS
    more = [tag("li", _line(many(left, "more task")))] if left > 0 else []
    return tag("ul", rows, more)


def _steps(tasks: Iterable[Task]) -> str:
    count = sum(len(task.steps) for task in tasks)
    return many(count, "step") if count else ""


def _image(entry: Entry) -> list[Markup]:
    if entry.image is None:
        return [_missing("none")]
    gone = entry.verdict is Verdict.MISSING
    absent = _line("the registry does not have it", "nothing") if gone else None
    name = short(str(entry.image)).partition("@")
    return [_node(_line(name[0], "mono"), _line(name[2], "mono soft"), absent, tone="gap" if gone else "")]


def _signed(what: str, proofs: Sequence[Proof]) -> Iterator[Markup]:
    for proof in proofs[:_MOST]:
        about = proof.accepted.claim.kind if what == "attestation" else f"in {proof.accepted.candidate.layout}"
        yield _node(_line(f"✓ {what}", "kind"), _line(about), _line(f"by {proof.key_name}", "mono soft"), tone="good")
    if len(proofs) > _MOST:
        yield _node(_line(many(len(proofs) - _MOST, f"more {what}")))
    if not proofs:
        yield _missing(f"no {what} holds", "nothing")


def _logged(report: Report, proofs: Sequence[Proof]) -> list[Markup]:
    entries = dict.fromkeys(log_words(one) for proof in proofs if (one := proof.accepted.signed.log_entry) is not None)
    if not entries:
        if not proofs or not report.log_checked:
            return [_missing("not checked" if proofs else "nothing that holds")]
        return [_missing("no entry stands beside it", "nothing")]
    checked = "✓ checked" if report.log_checked else "not checked"
    tone = "good" if report.log_checked else ""
    return [_node(_line(checked, "kind"), _line(told, "mono"), tone=tone) for told in tuple(entries)[:_MOST]]
