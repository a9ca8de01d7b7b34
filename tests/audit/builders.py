"""Reports for tests, with a text of the test's choice wherever somebody else's text may stand."""

import base64
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from chains.artifacts.reference import Digest, ImageReference, Repository
from chains.audit.build import read_build
from chains.audit.judge import Key
from chains.audit.report import Report
from chains.audit.verdict import Document, Entry, Proof, RunClaim, Verdict
from chains.keys.verifier import KeyVerifier
from chains.payloads.candidate import Candidate, Layout
from chains.payloads.payload import IN_TOTO, SIMPLE_SIGNING, LogEntry, Payload, Signature, SignedPayload
from chains.pipeline.claims import Claim
from chains.pipeline.provenance import V0_2
from chains.pipeline.verify import Accepted, Refusal
from chains.runs.sighting import RunKey

KEY = Path(__file__).parents[1] / "verify" / "captures" / "workdir" / "k25" / "cosign.pub"
MOMENT = datetime(2026, 5, 1, 8, 0, tzinfo=UTC)
IMAGE = ImageReference(Repository("registry.example.com", "team/app"), Digest("sha256", "a1" * 32))
XSS = (
    "<script>document.title='ran'</script>",
    "\"><img src=x onerror=\"document.title='ran'\">",
    "'><svg/onload=document.title='ran'>",
    "javascript:document.title='ran'",
    "data:text/html,<script>document.title='ran'</script>",
    "</style><script>document.title='ran'</script>",
    "</pre></details><iframe src=https://attacker.example.com/></iframe>",
    "<!--", "-->", "]]>", "&lt;script&gt;", "{{7*7}}", "${7*7}", "<base href=https://attacker.example.com/>",
    "<meta http-equiv=refresh content='0;url=https://attacker.example.com/'>",
    "<link rel=stylesheet href=https://attacker.example.com/x.css>",
    "@import url(https://attacker.example.com/x.css)",
    "<a href=javascript:alert(1)>x</a>", "<form action=https://attacker.example.com><input autofocus onfocus=x()>",
    "\u202egnp.exe\u202c", "a\x00b\x1b[31mc\u2028d",
)  # fmt: skip


def statement(text: str = "https://tekton.dev/chains/v2") -> bytes:
    """SLSA 0.2 provenance of a pipeline, with the text in each place that takes one."""
    step = {"entryPoint": f"echo {text}", "arguments": [text], "environment": {"container": text, "image": text}}
    task = {"name": text, "status": "Succeeded", "startedOn": text, "finishedOn": text, "steps": [step]}
    predicate = {
        "builder": {"id": text},
        "buildType": text,
        "buildConfig": {"tasks": [task]},
        "invocation": {"configSource": {"uri": text, "digest": {text: text}, "entryPoint": text}},
        "materials": [{"uri": f"git+{text}", "digest": {"sha1": text}}],
        "metadata": {"buildStartedOn": text, "buildFinishedOn": text, "buildInvocationId": text},
    }
    predicate["invocation"]["parameters"] = {text: text, "more": [text]}
    subject = [{"name": text, "digest": {"sha256": IMAGE.digest.hex}}]
    return json.dumps({"_type": text, "predicateType": V0_2, "subject": subject, "predicate": predicate}).encode()


def attestation(text: str = "https://tekton.dev/chains/v2", layout: Layout = Layout.TAG) -> Proof:
    """An attestation that holds, and tells of a build in the words of the text."""
    body = statement(text)
    envelope = json.dumps({"payloadType": IN_TOTO, "payload": base64.b64encode(body).decode(), "signatures": []})
    log = LogEntry(b"\x01\x02", 7, 1_700_000_000, b"{}")
    signed = SignedPayload(Payload(body, IN_TOTO, V0_2, "", (IMAGE,)), Signature(b"raw", text), envelope.encode(), log)
    accepted = Accepted(Candidate(layout, f"sha256:{'c3' * 32}", (signed,)), signed, Claim(V0_2, str(IMAGE.digest)))
    return Proof(accepted, "cosign.pub", read_build(body, V0_2))


def signature(text: str = "cosign container image signature", layout: Layout = Layout.TAG) -> Proof:
    """A signature that holds."""
    body = json.dumps({"critical": {"type": text}, "optional": {text: text}}).encode()
    signed = SignedPayload(Payload(body, SIMPLE_SIGNING, "", "", (IMAGE,)), Signature(b"raw", ""), None)
    accepted = Accepted(
        Candidate(layout, f"sha256:{'d4' * 32}", (signed,)), signed, Claim(text, str(IMAGE.digest), text)
    )
    return Proof(accepted, "cosign.pub")


def claim(text: str = "build", mark: str = "true") -> RunClaim:
    """A run that claims to be signed."""
    return RunClaim(RunKey("TaskRun", "builds", text, text), mark, text, True, "", (IMAGE,))


def entry(verdict: Verdict = Verdict.VERIFIED, text: str = "", **parts: Any) -> Entry:
    """An entry with everything that one can have; with a text it stands wherever it can."""
    words = (text,) if text else ()
    whole = Entry(
        text or str(IMAGE),
        verdict,
        (text,) if text else ("no reason",),
        IMAGE,
        claim(*words),
        (signature(*words),),
        (attestation(*words),),
        (Refusal(Candidate(Layout.BUNDLE, text or "sha256:00"), text or "not by this key"),),
        (Document(text or "Manifest of the image", text.encode("utf-8", "surrogatepass") or b"{}"),),
    )
    return replace(whole, **parts)


def report(*entries: Entry, text: str = "", **parts: Any) -> Report:
    """A report of these entries."""
    verifier = KeyVerifier.from_pem(KEY.read_bytes())
    name = text or "cosign.pub"
    keys = (Key(name, verifier.key_id, verifier),)
    whole = Report(MOMENT, "0.1.0", (text or "namespace builds",), keys, (text or "a",), (V0_2,), False, entries)
    return replace(whole, **parts)


class Seen(HTMLParser):
    """What a browser would see of a page: every element, every attribute, and all text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.strays: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.strays.append(data)

    def handle_pi(self, data: str) -> None:
        self.strays.append(data)

    @property
    def text(self) -> str:
        return "".join(self.texts)

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag == name]


def pictures(page: str) -> list[str]:
    """The provenance of each image as the page draws it."""
    return re.findall(r"<figure .*?</figure>", page, re.DOTALL)


_ELEMENTS = """html head meta title style body a header main section article footer p h1 h2 h3 h4 ul li dl div dt dd
table thead tbody tr th td details summary pre code span b br svg rect ol figure figcaption"""
_ATTRIBUTES = """lang charset http-equiv content name href class id role scope aria-label aria-hidden data-label
x y width height viewbox preserveaspectratio"""


def assert_inert(page: str) -> Seen:
    """Fail unless the page has no element and no attribute but ours, and no link that leads out of it."""
    seen = Seen(page)
    assert {tag for tag, _ in seen.elements} <= set(_ELEMENTS.split())
    assert {name for _, attributes in seen.elements for name in attributes} <= set(_ATTRIBUTES.split())
    assert all((attributes["href"] or "").startswith("#") for attributes in seen.all("a"))
    assert len(seen.all("style")) == 1
    assert not seen.strays
    return seen
