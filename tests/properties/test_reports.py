"""Whatever text stands in an audit, every form of its report stays well-formed, and the page stays inert."""

import json
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from chains.audit.document import as_json
from chains.audit.junit import as_junit
from chains.audit.page import as_page
from chains.audit.sarif import as_sarif
from chains.audit.table import Look, as_table
from chains.audit.text import printable
from chains.audit.verdict import Verdict
from tests.audit.builders import XSS, Seen, assert_inert, entry, pictures, report
from tests.properties.profile import examples

hostile = st.one_of(
    st.text(min_size=1, max_size=60),
    st.lists(st.sampled_from([*XSS, *"<>&\"'`= \n"]), min_size=1, max_size=4).map("".join),
)
verdicts = st.sampled_from(list(Verdict))


@examples
@given(hostile, verdicts)
def test_a_report_holds_text_as_text(text: str, verdict: Verdict) -> None:
    told = report(entry(verdict, text), text=text)
    seen = assert_inert(as_page(told))
    assert printable(text) in seen.text
    [case] = ElementTree.fromstring(as_junit(told)).iter("testcase")
    assert " ".join(case.attrib["name"].split()) == " ".join(printable(text).split())
    json.loads(as_json(told))
    json.loads(as_sarif(told))
    assert all(sign.isprintable() or sign == "\n" for sign in as_table(told, Look(60)))


@examples
@given(hostile, verdicts)
def test_the_picture_of_a_build_has_the_same_elements_whatever_it_says(text: str, verdict: Verdict) -> None:
    drawn, plain = (pictures(as_page(report(entry(verdict, word), text=word))) for word in (text, "x"))
    assert len(drawn) == len(plain)
    for one, other in zip(drawn, plain, strict=True):
        assert [tag for tag, _ in Seen(one).elements] == [tag for tag, _ in Seen(other).elements]
        assert printable(text) in Seen(one).text
