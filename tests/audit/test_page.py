"""The page: whole, inert, accessible, and the same for the same report."""

import base64
import hashlib
import re
from itertools import pairwise

import pytest

from chains.audit.page import as_page, policy
from chains.audit.style import CSS
from chains.audit.text import printable
from chains.audit.verdict import Verdict
from chains.payloads.candidate import Layout
from tests.audit.builders import (
    IMAGE,
    XSS,
    Seen,
    assert_inert,
    attestation,
    claim,
    entry,
    pictures,
    report,
    signature,
)

SECTIONS = ["What was asked", "The verdicts", "The evidence", "Nothing to verify", "The keys", "What the verdicts mean"]


def test_the_page_tells_who_built_what_from_what_and_by_which_steps() -> None:
    told = attestation("https://builder.example.com/one")
    seen = assert_inert(as_page(report(entry(attestations=(told,)))))
    for wanted in (
        "It verified.",
        str(IMAGE),
        "https://builder.example.com/one",
        "TaskRun builds/build",
        "Tasks and steps",
        "Parameters",
        "Built from",
        "index 7 of the log 0102, since 2023-11-14 22:13:20Z",
        "BEGIN PUBLIC KEY",
        f"cosign verify --key cosign.pub --insecure-ignore-tlog=true --new-bundle-format=false {IMAGE}",
        f"cosign verify-attestation --type https://slsa.dev/provenance/v0.2 --key cosign.pub "
        f"--insecure-ignore-tlog=true --new-bundle-format=false {IMAGE}",
        '"buildConfig"',
        "Manifest of the image",
        "not by this key",
    ):
        assert wanted in seen.text, wanted


def test_what_is_bad_comes_first_and_what_is_nothing_comes_apart() -> None:
    kinds = (Verdict.VERIFIED, Verdict.NOTHING, Verdict.UNKNOWN, Verdict.CLAIMED)
    page = as_page(report(*(entry(kind, f"image-{kind.name}") for kind in kinds)))
    headed = re.findall(r"<h3>\d\. image-(\w+)</h3>", page)
    assert headed == ["CLAIMED", "UNKNOWN", "VERIFIED"]
    assert re.findall(r"<h2[^>]*>([^<]+)</h2>", page) == SECTIONS
    assert "1 of 3 verified, 1 did not, 1 could not be judged." in Seen(page).text


def stages(picture: str) -> dict[str, str]:
    """What a picture says at each of its stages."""
    parts = re.split(r'<b class="stage">([^<]+)</b>', picture)
    return {name: Seen(part).text for name, part in zip(parts[1::2], parts[2::2], strict=True)}


def test_the_picture_leads_from_the_commit_over_run_and_image_to_signature_and_log() -> None:
    [drawn] = pictures(as_page(report(entry(attestations=(attestation("built"),)), log_checked=True)))
    told = stages(drawn)
    assert list(told) == ["Source", "Run", "Image", "Signed", "Logged"]
    for stage, words in {
        "Source": ("built", "sha1:built"),
        "Run": ("TaskRun", "builds/build", "by built", "Succeeded"),
        "Image": ("registry.example.com/team/app", f"sha256:{IMAGE.digest.hex[:12]}…"),
        "Signed": ("✓ signature", "in tag", "✓ attestation", "https://slsa.dev/provenance/v0.2", "by cosign.pub"),
        "Logged": ("✓ checked", "index 7 of the log 0102"),
    }.items():
        assert [word for word in words if word not in told[stage]] == [], stage


def test_the_picture_shows_what_is_missing_as_a_gap() -> None:
    bare = entry(Verdict.CLAIMED, signatures=(), attestations=())
    told = stages(pictures(as_page(report(bare, log_checked=True)))[0])
    assert told["Source"] == "none is told of"
    assert told["Signed"] == "no signature holdsno attestation holds"
    assert told["Logged"] == "nothing that holds"
    unlogged = stages(pictures(as_page(report(entry(attestations=()), log_checked=True)))[0])
    assert unlogged["Logged"] == "no entry stands beside it"
    unasked = stages(pictures(as_page(report(entry(attestations=()))))[0])
    assert unasked["Logged"] == "not checked"
    assert not pictures(as_page(report(entry(Verdict.UNKNOWN, image=None, run=None))))


def test_each_build_is_drawn_and_the_rest_of_many_counted() -> None:
    proofs = tuple(attestation(f"builder-{number}") for number in range(5))
    [drawn] = pictures(as_page(report(entry(attestations=proofs))))
    assert drawn.count("<ol ") == 3
    assert "2 more attestations of this image: below." in drawn


@pytest.mark.parametrize("text", XSS)
def test_hostile_text_stays_text(text: str) -> None:
    seen = assert_inert(as_page(report(entry(Verdict.REFUSED, text), entry(Verdict.NOTHING, text), text=text)))
    assert seen.text.count(printable(text)) >= 20
    assert "\x1b" not in seen.text
    assert "\u202e" not in seen.text


def test_no_text_of_others_is_an_address() -> None:
    page = as_page(report(entry(text="https://attacker.example.com/x")))
    assert not re.search(r"""(?:src|href|action|url)\s*[=(]\s*["']?(?!#)[a-z]""", page.replace("namespace", ""))


def test_the_policy_lets_nothing_load_and_nothing_run() -> None:
    seen = Seen(as_page(report(entry())))
    [content] = [one["content"] for one in seen.all("meta") if one.get("http-equiv") == "Content-Security-Policy"]
    assert content == policy()
    digest = base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()
    assert content == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "script" not in (content or "")
    assert "</" not in CSS
    assert "url(" not in CSS


def test_the_same_report_gives_the_same_bytes() -> None:
    first, second = (as_page(report(entry(), entry(Verdict.NOTHING))) for _ in range(2))
    assert first == second
    assert "2026-05-01T08:00:00Z" in first


def test_every_link_leads_to_an_element_of_the_page() -> None:
    seen = Seen(as_page(report(*(entry(verdict) for verdict in Verdict))))
    there = {attributes["id"] for _, attributes in seen.elements if "id" in attributes}
    assert {(attributes["href"] or "")[1:] for attributes in seen.all("a")} <= there
    assert len(there) == len([1 for _, attributes in seen.elements if "id" in attributes])


def test_headings_descend_one_by_one_and_tables_have_headers() -> None:
    page = as_page(report(*(entry(verdict) for verdict in Verdict)))
    seen = Seen(page)
    levels = [int(tag[1]) for tag, _ in seen.elements if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert len(seen.all("thead")) == len(seen.all("table"))
    assert all(attributes.get("scope") in ("col", "row") for attributes in seen.all("th"))
    assert seen.all("html") == [{"lang": "en"}]


def test_a_verdict_is_told_in_words_and_a_sign_beside_its_colour() -> None:
    seen = Seen(as_page(report(*(entry(verdict) for verdict in Verdict))))
    for verdict in Verdict:
        assert re.search(rf"[✓✕?·] {re.escape(verdict)}", seen.text), verdict


@pytest.mark.parametrize("scheme", [":root {\n  color-scheme", "dark) {\n  :root"])
def test_every_colour_of_text_stands_out_from_its_ground(scheme: str) -> None:
    block = CSS[CSS.index(scheme) :]
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block[: block.index("}")]))
    grounds = {"ink": "paper", "soft": "well", "accent": "card"}
    grounds |= {tone: f"{tone}-well" for tone in ("good", "bad", "unknown", "neutral")}
    for text, ground in grounds.items():
        assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2: 4.5 is what text needs."""
    brightness = sorted(map(luminance, (one, other)))
    return (brightness[1] + 0.05) / (brightness[0] + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_each_layout_has_its_commands() -> None:
    both = entry(
        signatures=(signature(), signature(layout=Layout.BUNDLE)),
        attestations=(attestation(), attestation(layout=Layout.BUNDLE)),
    )
    text = Seen(as_page(report(both))).text
    assert f"--insecure-ignore-tlog=true --new-bundle-format=false {IMAGE}" in text
    assert f"--insecure-ignore-tlog=true --new-bundle-format=true {IMAGE}" in text
    logged = Seen(as_page(report(both, log_checked=True))).text
    assert "SIGSTORE_REKOR_PUBLIC_KEY=rekor.pub cosign verify --key cosign.pub" in logged
    assert "--trusted-root trusted_root.json" in logged


def test_an_entry_without_an_image_has_no_commands_and_an_empty_report_is_a_page_too() -> None:
    bare = entry(Verdict.CLAIMED, image=None, signatures=(), attestations=(), refusals=(), documents=(), run=claim())
    assert "Check it with cosign" not in Seen(as_page(report(bare))).text
    assert "There was nothing to verify." in assert_inert(as_page(report())).text
