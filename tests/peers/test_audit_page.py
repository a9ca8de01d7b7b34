"""The audit's page in a real browser, and its commands in real cosigns."""

import asyncio
import json
import re
import shlex
import struct
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from chains.audit.page import as_page
from chains.audit.verdict import Verdict
from tests.audit.builders import XSS, Seen, entry, report
from tests.peers.bench import bench, every_registry, new_signer, write
from tests.peers.cosign import Cosign
from tests.peers.programs import Finished, chains, run

pytestmark = pytest.mark.peers

ALONE = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--proxy-bypass-list=<-loopback>",
)
HEADINGS = ["What was asked", "The verdicts", "The evidence", "Nothing to verify", "The keys", "What the verdicts mean"]
JUDGES = {"tag": ("cosign-2", "cosign-3"), "bundle": ("cosign-3",)}
# What a page would have to hold for the tests below to notice that something ran or was fetched.
CONTROL = """<!doctype html><title>still</title><script>document.title='ran'</script>
<img src="http://attacker.example.com/x.png">"""


@dataclass
class Chromium:
    """A browser whose every request to a network ends at a door of ours, which counts the knocks."""

    home: Path
    door: int
    knocks: int = 0

    async def open(self, page: Path, *arguments: str) -> Finished:
        """Open a page without a screen, with a profile that is new."""
        profile = self.home / f"profile-{len(list(self.home.iterdir()))}"
        told = (f"--user-data-dir={profile}", f"--proxy-server=http://127.0.0.1:{self.door}", *arguments)
        ended = await run("chromium", *ALONE, *told, page.as_uri(), home=self.home)
        assert ended.succeeded, ended
        return ended

    async def document(self, page: Path) -> Seen:
        """Return what became of the page's document."""
        return Seen((await self.open(page, "--dump-dom")).out.decode())


@asynccontextmanager
async def chromium(home: Path) -> AsyncIterator[Chromium]:
    browser = Chromium(home, 0)

    async def turn_away(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        browser.knocks += 1
        writer.close()

    server = await asyncio.start_server(turn_away, "127.0.0.1", 0)
    async with server:
        browser.door = server.sockets[0].getsockname()[1]
        yield browser


def title(seen: Seen) -> str:
    return next(text for text in seen.texts if text.strip()).strip()


async def test_a_page_that_runs_something_or_asks_for_something_would_be_noticed(tmp_path):
    async with chromium(tmp_path) as browser:
        page = write(tmp_path / "control.html", CONTROL.encode())
        assert title(await browser.document(page)) == "ran"
        assert browser.knocks > 0


async def test_a_hostile_page_runs_nothing_asks_for_nothing_and_is_whole(tmp_path):
    hostile = report(*(entry(verdict, text) for text in XSS for verdict in (Verdict.REFUSED, Verdict.NOTHING)))
    page = write(tmp_path / "page.html", as_page(hostile).encode())
    async with chromium(tmp_path) as browser:
        seen = await browser.document(page)
        assert browser.knocks == 0
    assert title(seen).startswith("Audit of 2026-05-01")
    assert re.findall(r"<h2[^>]*>([^<]+)</h2>", page.read_text()) == HEADINGS
    assert [heading for heading in HEADINGS if heading not in seen.texts] == []
    assert len(seen.all("article")) == len(XSS)
    assert not {tag for tag, _ in seen.elements} & {"script", "img", "iframe", "link", "base", "form", "object"}
    assert not [name for _, attributes in seen.elements for name in attributes if name.startswith("on")]


@pytest.mark.parametrize(("width", "height"), [(1280, 1600), (400, 1600)])
async def test_the_page_is_drawn_wide_and_narrow_with_its_style(tmp_path, width, height):
    page = write(tmp_path / "page.html", as_page(report(*(entry(verdict) for verdict in Verdict))).encode())
    picture = tmp_path / "page.png"
    async with chromium(tmp_path) as browser:
        await browser.open(page, f"--window-size={width},{height}", f"--screenshot={picture}")
    drawn = pixels(picture.read_bytes())
    assert (drawn.width, drawn.height) == (width, height)
    # The colour of the paper, of a good verdict and of a bad one: the style is let in by its hash, and in force.
    for colour in ("fbfaf6", "17663b", "a01f27"):
        assert bytes.fromhex(colour) in drawn.colours, colour
    assert len(drawn.colours) > 50


async def test_the_page_prints_with_everything_unfolded(tmp_path):
    text = as_page(report(*(entry(verdict) for verdict in Verdict)))
    pages = {}
    async with chromium(tmp_path) as browser:
        for name, content in (("folded", text), ("open", text.replace("<details>", "<details open>"))):
            written = write(tmp_path / f"{name}.html", content.encode())
            await browser.open(written, f"--print-to-pdf={tmp_path / name}.pdf")
            pages[name] = len(re.findall(rb"/Type /Page\b(?!s)", (tmp_path / f"{name}.pdf").read_bytes()))
    assert pages["folded"] == pages["open"] > 3


@dataclass(frozen=True)
class Picture:
    """What was drawn: its size, and every colour in it."""

    width: int
    height: int
    colours: set[bytes]


def pixels(png: bytes) -> Picture:
    """Read a PNG of 8 bits a colour, as the browser writes it."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height, depth, kind = struct.unpack(">IIBB", png[16:26])
    size = {2: 3, 6: 4}[kind]
    assert depth == 8
    packed, at = b"", 8
    while at < len(png):
        length, name = struct.unpack(">I4s", png[at : at + 8])
        packed += png[at + 8 : at + 8 + length] if name == b"IDAT" else b""
        at += 12 + length
    raw, line = zlib.decompress(packed), 1 + width * size
    colours: set[bytes] = set()
    above = bytearray(width * size)
    for row in range(height):
        above = unfiltered(raw[row * line], bytearray(raw[row * line + 1 : (row + 1) * line]), above, size)
        colours.update(bytes(above[at : at + 3]) for at in range(0, len(above), size))
    return Picture(width, height, colours)


def unfiltered(kind: int, line: bytearray, above: bytearray, size: int) -> bytearray:
    """Undo one of PNG's five filters."""
    for at in range(len(line)):
        left = line[at - size] if at >= size else 0
        corner = above[at - size] if at >= size else 0
        line[at] = (
            line[at] + (0, left, above[at], (left + above[at]) // 2, paeth(left, above[at], corner))[kind]
        ) & 255
    return line


def paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    return min((left, up, corner), key=lambda value: abs(guess - value))


@every_registry
@pytest.mark.parametrize("encoding", ["dsse", "sigstore-bundle", "both"])
async def test_the_commands_of_a_report_come_to_the_same_verdict_with_cosign(registry_kind, encoding, tmp_path):
    async with bench(registry_kind, tmp_path) as here:
        image = await here.push()
        await here.sign(image, encoding=encoding)
        write(tmp_path / "cosign.pub", here.public_key.read_bytes())
        write(tmp_path / "other.pub", new_signer().public_pem)
        for key, code in ((here.public_key, 0), (tmp_path / "other.pub", 12)):
            told = ("--key", key, "--insecure-ignore-tlog", "-o", "json", str(image))
            ended = await chains(tmp_path, "audit", *told)
            assert ended.status == code, ended
            write(tmp_path / "cosign.pub", key.read_bytes())
            [audited] = json.loads(ended.out)["entries"]
            layouts = {one["layout"]: one["commands"] for one in audited["reproduce"]}
            assert set(layouts) == {"dsse": {"tag"}, "sigstore-bundle": {"bundle"}, "both": {"tag", "bundle"}}[encoding]
            for layout, commands in layouts.items():
                assert [shlex.split(command)[1] for command in commands][:2] == ["verify", "verify-attestation"]
                for command in commands:
                    verdict = [await cosign_says(name, tmp_path, command) for name in JUDGES[layout]]
                    assert verdict == [code == 0] * len(verdict), command


async def cosign_says(name: str, home: Path, command: str) -> bool:
    program, *arguments = shlex.split(command)
    assert program == "cosign"
    return (await Cosign(name, home).call(*arguments)).succeeded
