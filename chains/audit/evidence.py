"""The evidence on the page: signatures, envelopes, decoded provenance, log entries and manifests, as they came."""

import base64

import msgspec

from chains.audit.markup import Markup, tag, together
from chains.audit.verdict import Document, Entry, Proof
from chains.audit.words import log_words

_LAYOUTS = {"tag": "cosign's tag", "bundle": "Sigstore bundle", "run": "annotations of the run"}


def evidence(entry: Entry) -> Markup | None:
    """Return everything that the verdict rests on, folded; None where there is nothing."""
    parts = [
        *(_proof("Signature", proof) for proof in entry.signatures),
        *(_proof("Attestation", proof) for proof in entry.attestations),
        *([_passed_over(entry)] if entry.refusals else []),
        *(_document(document) for document in entry.documents),
    ]
    return together(tag("h4", "Evidence"), parts) if parts else None


def _proof(title: str, proof: Proof) -> Markup:
    accepted, signed = proof.accepted, proof.accepted.signed
    facts = [
        ("Kept in", _LAYOUTS[accepted.candidate.layout]),
        ("Blob", accepted.candidate.digest),
        ("By the key", proof.key_name),
        ("Says it is", accepted.claim.kind),
        ("Signature", base64.b64encode(signed.signature.raw).decode()),
        *([("Log entry", log_words(signed.log_entry))] if signed.log_entry is not None else []),
    ]
    told = [tag("div", tag("dt", term), tag("dd", tag("code", text)), class_="wide") for term, text in facts]
    raw = signed.envelope if signed.envelope is not None else signed.payload.body
    return tag(
        "details",
        tag("summary", title, " ", tag("span", f"in {_LAYOUTS[accepted.candidate.layout]}", class_="soft")),
        tag("dl", told, class_="facts"),
        tag("p", "What was signed, decoded:"),
        tag("pre", _indented(signed.payload.body)),
        tag("p", "The envelope, as it is stored:" if signed.envelope is not None else "The same, as it is stored:"),
        tag("pre", _text(raw)),
    )


def _passed_over(entry: Entry) -> Markup:
    rows = [
        tag(
            "tr",
            tag("td", _LAYOUTS[one.candidate.layout], data_label="Kept in"),
            tag("td", tag("code", one.candidate.digest), data_label="Blob"),
            tag("td", one.why, data_label="Why"),
        )
        for one in entry.refusals
    ]
    heads = tag("tr", [tag("th", name, scope="col") for name in ("Kept in", "Blob", "Why it does not count")])
    count = tag("span", f"({len(rows)})", class_="soft")
    return tag("details", tag("summary", "Passed over ", count), tag("table", tag("thead", heads), tag("tbody", rows)))


def _document(document: Document) -> Markup:
    return tag("details", tag("summary", document.title), tag("pre", _text(document.body)))


def _indented(body: bytes) -> str:
    try:
        return msgspec.json.format(body, indent=2).decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _text(body)


def _text(body: bytes) -> str:
    return body.decode("utf-8", "backslashreplace")
