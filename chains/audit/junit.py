"""The report as JUnit XML, for whatever collects the results of tests."""

from xml.sax.saxutils import escape, quoteattr  # only writes: nothing from outside is parsed

from chains.audit.report import Report, moment_text
from chains.audit.text import printable
from chains.audit.verdict import BAD, NEUTRAL, Entry, Verdict


def as_junit(report: Report) -> str:
    """Return the report as one test suite, a case an entry: failures are bad, errors could not be judged."""
    skipped = len(report.entries) - len(report.judged)
    counts = _attributes(
        tests=str(len(report.entries)), failures=str(report.bad), errors=str(report.unknown), skipped=str(skipped)
    )
    cases = "".join(_case(entry) for entry in report.entries)
    stamp = moment_text(report.moment).removesuffix("Z")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<testsuites name="chains audit"{counts} time="0">\n'
        f' <testsuite name="chains audit"{counts} time="0" timestamp="{stamp}">\n{cases} </testsuite>\n</testsuites>\n'
    )


def _case(entry: Entry) -> str:
    key = entry.run.key if entry.run is not None else None
    group = f"{key.namespace}.{key.kind}.{key.name}" if key is not None else "images"
    head = f"  <testcase{_attributes(classname=group, name=entry.name, time='0')}"
    element = _element(entry.verdict)
    if not element:
        return f"{head}/>\n"
    why = _text("; ".join(entry.why))
    told = _attributes(message=f"{entry.verdict}: {'; '.join(entry.why)}", type=entry.verdict.name.lower())
    body = "/>" if element == "skipped" else f">{why}</{element}>"
    told = _attributes(message=str(entry.verdict)) if element == "skipped" else told
    return f"{head}><{element}{told}{body}</testcase>\n"


def _element(verdict: Verdict) -> str:
    if verdict in BAD:
        return "failure"
    if verdict in NEUTRAL:
        return "skipped"
    return "" if verdict is Verdict.VERIFIED else "error"


def _attributes(**values: str) -> str:
    return "".join(f" {name}={quoteattr(printable(value))}" for name, value in values.items())


def _text(text: str) -> str:
    return escape(printable(text))
