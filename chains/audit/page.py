"""The report as one page of HTML that needs nothing but itself, and runs nothing."""

import base64
import hashlib

from chains.audit.articles import article, badge
from chains.audit.markup import Markup, tag, together
from chains.audit.report import Report, moment_text
from chains.audit.reproduce import key_file
from chains.audit.style import CSS
from chains.audit.verdict import MEANINGS, NEUTRAL, Entry, Verdict, tone_of
from chains.audit.words import short

_NOT_LOGGED = "The transparency log was not checked: nothing here says when, or how often, something was signed."


def as_page(report: Report) -> str:
    """Return the whole page; the same report gives the same bytes."""
    body = tag(
        "body",
        tag("a", "Skip to the verdicts", href="#verdicts", class_="skip"),
        _head(report),
        tag("main", _asked(report), _overview(report), _entries(report), _nothing(report), _keys(report), _meanings()),
        _foot(report),
    )
    page = tag("html", _header(report), body, lang="en")
    return f"<!doctype html>\n{page}\n"


def policy() -> str:
    """Return the content security policy: nothing is loaded and nothing runs; the one style is known by its hash."""
    digest = base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _header(report: Report) -> Markup:
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy()),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", f"Audit of {moment_text(report.moment)[:10]}: {report.sentence}"),
        tag("style", Markup(CSS)),
    )


def _head(report: Report) -> Markup:
    facts = (
        ("Made", moment_text(report.moment)),
        ("With", f"chains {report.version}"),
        ("Of", "\n".join(report.scope)),
        *([("Note", "\n".join(report.notes))] if report.notes else []),
    )
    return tag(
        "header",
        tag("p", "Supply chain audit", class_="eyebrow"),
        tag("h1", report.sentence),
        _bar(report),
        tag("ul", [_tally(verdict, count) for verdict, count in report.counts.items()], class_="tally"),
        tag("dl", [tag("div", tag("dt", term), tag("dd", text)) for term, text in facts], class_="facts"),
    )


def _bar(report: Report) -> Markup:
    """Draw how the verdicts share the whole, for eyes only: the tally below says the same."""
    whole = max(len(report.entries), 1)
    pieces, start = [], 0.0
    for verdict, count in report.counts.items():
        width = 100 * count / whole
        place = {"x": f"{start:.3f}", "y": "0", "width": f"{width:.3f}", "height": "10"}
        pieces.append(tag("rect", **place, class_=tone_of(verdict)))
        start += width
    return tag("svg", pieces, class_="bar", viewBox="0 0 100 10", preserveAspectRatio="none", aria_hidden="true")


def _tally(verdict: Verdict, count: int) -> Markup:
    return tag("li", tag("b", str(count)), " ", badge(verdict))


def _asked(report: Report) -> Markup:
    return tag(
        "section",
        tag("h2", "What was asked"),
        tag("ul", [tag("li", sentence) for sentence in report.asked], class_="ok"),
        None if report.log_checked else tag("p", _NOT_LOGGED, class_="soft"),
    )


def _overview(report: Report) -> Markup:
    if not report.judged:
        return tag("section", tag("h2", "The verdicts", id="verdicts"), tag("p", report.sentence))
    columns = ("Verdict", "What", "Built by", "From", "Finished")
    heads = [tag("th", name, scope="col", role="columnheader") for name in columns]
    rows = [_row(number, entry) for number, entry in enumerate(report.by_urgency, 1)]
    return tag(
        "section",
        tag("h2", "The verdicts", id="verdicts"),
        tag(
            "table",
            tag("thead", tag("tr", heads, role="row"), role="rowgroup"),
            tag("tbody", rows, role="rowgroup"),
            class_="overview",
            role="table",
            aria_label="The verdict on everything that was audited",
        ),
    )


def _row(number: int, entry: Entry) -> Markup:
    build = entry.builds[0] if entry.builds else None
    source = build.sources[0] if build is not None and build.sources else None
    commit = next(iter(source.digest.values()), "")[:12] if source is not None else ""
    cells = (
        ("", badge(entry.verdict)),
        ("", together(tag("a", short(entry.name), href=f"#entry-{number}"), _of_run(entry), _first_reason(entry))),
        ("Built by", build.builder_id if build is not None else ""),
        ("From", " ".join(filter(None, (source.uri.removeprefix("git+"), commit))) if source is not None else ""),
        ("Finished", build.finished.replace("T", " ") if build is not None else ""),
    )
    shown = [tag("td", content, role="cell", **({"data_label": name} if name else {})) for name, content in cells]
    return tag("tr", shown, role="row")


def _of_run(entry: Entry) -> Markup | None:
    if entry.run is None or entry.name == str(entry.run.key):
        return None
    return together(tag("br"), tag("span", str(entry.run.key), class_="soft"))


def _first_reason(entry: Entry) -> Markup | None:
    if not entry.why:
        return None
    return together(tag("br"), tag("span", entry.why[0], class_=tone_of(entry.verdict)))


def _entries(report: Report) -> Markup | None:
    if not report.judged:
        return None
    return tag(
        "section",
        tag("h2", "The evidence"),
        [article(report, number, entry) for number, entry in enumerate(report.by_urgency, 1)],
    )


def _nothing(report: Report) -> Markup | None:
    """Return what there was nothing to judge of, with the reasons."""
    entries = [entry for entry in report.entries if entry.verdict in NEUTRAL]
    if not entries:
        return None
    rows = [
        tag(
            "tr",
            tag("td", badge(entry.verdict)),
            tag("td", entry.name, class_="mono"),
            tag("td", "; ".join(entry.why), data_label="Why"),
        )
        for entry in entries
    ]
    heads = tag("tr", [tag("th", name, scope="col") for name in ("Verdict", "What", "Why")])
    told = "These neither count as good nor as bad."
    return tag(
        "section",
        tag("h2", "Nothing to verify"),
        tag("p", told, class_="soft"),
        tag("table", tag("thead", heads), tag("tbody", rows), class_="overview"),
    )


def _keys(report: Report) -> Markup:
    shown = [
        together(
            tag("h3", key_file(report, key.name)),
            tag("p", f"Given as {key.name}. Fingerprint ", tag("code", key.key_id)),
            tag("pre", key.verifier.public_pem.decode()),
        )
        for key in report.keys
    ]
    told = "The commands above expect each key in the file that it has as its title here."
    return tag("section", tag("h2", "The keys"), tag("p", told, class_="soft"), shown)


def _meanings() -> Markup:
    rows = [
        tag("tr", tag("th", badge(verdict), scope="row"), tag("td", MEANINGS[verdict], data_label="Means"))
        for verdict in Verdict
    ]
    heads = tag("tr", tag("th", "Verdict", scope="col"), tag("th", "Means", scope="col"))
    return tag("section", tag("h2", "What the verdicts mean"), tag("table", tag("thead", heads), tag("tbody", rows)))


def _foot(report: Report) -> Markup:
    told = (
        f"Written by chains {report.version} on {moment_text(report.moment)}. It loads and runs nothing; "
        "whatever came from registries or runs is shown as text, with signs that a reader cannot see written out."
    )
    return tag("footer", tag("p", told))
