"""One entry of the page: the verdict, the build it rests on, the evidence, and how to check it without us."""

from collections.abc import Mapping, Sequence

from chains.audit.build import Build, Task, moment_in
from chains.audit.evidence import evidence
from chains.audit.markup import Child, Markup, tag, together
from chains.audit.picture import picture
from chains.audit.report import Report
from chains.audit.reproduce import commands_for
from chains.audit.verdict import Entry, Proof, Verdict, tone_of
from chains.audit.words import many, short

_SIGNS = {"good": "✓", "bad": "✕", "unknown": "?", "neutral": "·"}


def badge(verdict: Verdict) -> Markup:
    """Return a verdict as a mark with a sign, so that its colour is not all it has."""
    tone = tone_of(verdict)
    return tag("span", f"{_SIGNS[tone]} {verdict}", class_=f"badge {tone}")


def article(report: Report, number: int, entry: Entry) -> Markup:
    """Return an entry in full."""
    return tag(
        "article",
        tag("header", tag("h3", f"{number}. {short(entry.name)}"), badge(entry.verdict)),
        tag("ul", [tag("li", why) for why in entry.why], class_="why") if entry.why else None,
        picture(report, entry),
        _of_entry(entry),
        [_build(build) for build in entry.builds],
        evidence(entry),
        _reproduce(report, entry),
        id=f"entry-{number}",
        class_=tone_of(entry.verdict),
    )


def _of_entry(entry: Entry) -> Markup:
    run = entry.run
    held = [_held(entry.signatures, "signature"), _held(entry.attestations, "attestation")]
    keys = dict.fromkeys(proof.key_name for proof in (*entry.signatures, *entry.attestations))
    facts: list[tuple[str, Child]] = [
        ("Run", str(run.key) if run is not None else None),
        ("Uid of the run", tag("code", run.key.uid) if run is not None and run.key.uid else None),
        ("Mark of the run", (run.mark or "none") if run is not None else None),
        ("What holds", " and ".join(filter(None, held)) or "nothing"),
        ("By the key", "\n".join(keys)),
    ]
    return _facts(facts, _wide("Image", tag("code", str(entry.image)) if entry.image is not None else None))


def _held(proofs: tuple[Proof, ...], what: str) -> str:
    return many(len(proofs), what) if proofs else ""


def _facts(facts: list[tuple[str, Child]], first: Markup | None = None, last: Markup | None = None) -> Markup:
    shown = [tag("div", tag("dt", term), tag("dd", text)) for term, text in facts if text]
    return tag("dl", first, shown, last, class_="facts")


def _wide(term: str, text: Child) -> Markup | None:
    return tag("div", tag("dt", term), tag("dd", text), class_="wide") if text else None


def _build(build: Build) -> Markup:
    facts: list[tuple[str, Child]] = [
        ("Builder", build.builder_id),
        ("Build type", build.build_type),
        ("Started", build.started),
        ("Finished", together(build.finished, tag("span", _took(build), class_="soft"))),
        ("Uid of the run", build.invocation),
    ]
    sources = [(used.uri.removeprefix("git+"), _digests(used.digest)) for used in build.sources]
    return together(
        tag("h4", "The build"),
        tag("p", build.predicate_type, class_="soft mono"),
        _facts(facts, None, _wide("Defined in", build.definition)),
        _table("Built from", ("Source", "Commit"), sources),
        _table("Parameters", ("Name", "Value"), list(build.parameters)),
        _tasks(build.tasks),
        _folded(
            "Everything that went in",
            len(build.used),
            _rows(("What", "Digest", "Role"), [(used.uri, _digests(used.digest), used.role) for used in build.used]),
        ),
    )


def _tasks(tasks: tuple[Task, ...]) -> Markup | None:
    rows = [
        (task.name, " ".join(filter(None, (task.status, _times(task)))), step.name, step.image, step.script)
        for task in tasks
        for step in task.steps
    ]
    if not rows:
        return None
    named = any(task.name or task.status for task in tasks)
    heads = ("Task", "Went", "Step", "Image") if named else ("Step", "Image")
    shown = [row[:4] if named else row[2:4] for row in rows]
    scripts = [
        tag("details", tag("summary", f"What the step {row[2] or 'without a name'} ran"), tag("pre", row[4]))
        for row in rows
        if row[4]
    ]
    return together(_table("Tasks and steps" if named else "Steps", heads, shown), scripts)


def _times(task: Task) -> str:
    return f"{task.started} to {task.finished}" if task.started and task.finished else ""


def _digests(digest: Mapping[str, str]) -> str:
    return "\n".join(f"{name}:{value}" for name, value in digest.items())


def _table(title: str, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Markup | None:
    return together(tag("h4", title), _rows(heads, rows)) if rows else None


def _rows(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Markup:
    shown = [
        tag("tr", [tag("td", text, data_label=name) for name, text in zip(heads, row, strict=True)]) for row in rows
    ]
    return tag("table", tag("thead", tag("tr", [tag("th", name, scope="col") for name in heads])), tag("tbody", shown))


def _folded(title: str, count: int, content: Markup) -> Markup | None:
    if not count:
        return None
    return tag("details", tag("summary", title, " ", tag("span", f"({count})", class_="soft")), content)


def _reproduce(report: Report, entry: Entry) -> Markup | None:
    found = commands_for(report, entry)
    if not found:
        return None
    shown = [together(tag("p", commands.title), tag("pre", "\n".join(commands.lines))) for commands in found]
    return together(tag("h4", "Check it with cosign"), shown)


def _took(build: Build) -> str:
    """Return how long the build took, nothing where that cannot be told."""
    started, finished = moment_in(build.started), moment_in(build.finished)
    if started is None or finished is None:
        return ""
    seconds = int((finished - started).total_seconds())
    minutes, hours = seconds // 60, seconds // 3600
    told = (
        f"{hours} h {minutes % 60} min" if hours else f"{minutes} min {seconds % 60} s" if minutes else f"{seconds} s"
    )
    return f" (after {told})" if seconds >= 0 else ""
