"""Digests, repositories and image references."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chains.artifacts.reference import Digest, ImageReference, Repository
from chains.errors import InputError

HEX = "0123456789abcdef" * 4

# What go-containerregistry makes of a name, as Tekton Chains and cosign use it.
NORMAL = {
    "docker.io/acme/app:v1": "index.docker.io/acme/app",
    "busybox": "index.docker.io/library/busybox",
    "reg.io:5000/x/yy:v1": "reg.io:5000/x/yy",
    "localhost/app": "localhost/app",
    "localhost:5000/a/b": "localhost:5000/a/b",
    "oci://reg.io/ab": "reg.io/ab",
    "docker://reg.io/ab:latest": "reg.io/ab",
}
REFUSED = ["reg.io/a", "reg.io/Ab", " reg.io/ab", "pkg:pypi/zz", "a@b", "", "https://x.io/f.tgz", "git+https://x.io/rr"]
HOSTILE = ["reg.io/../etc", "reg.io//ab", "user:pw@reg.io/ab", "reg.io:99999/ab", "reg.io/ab\r\nX: y", "re\x00g.io/ab"]


@pytest.mark.parametrize(("given_name", "normal"), NORMAL.items())
def test_a_name_is_normalised_as_other_tools_do(given_name: str, normal: str) -> None:
    assert str(ImageReference.parse(f"{given_name}@sha256:{HEX}")) == f"{normal}@sha256:{HEX}"


@pytest.mark.parametrize("name", REFUSED + HOSTILE)
def test_what_cannot_name_an_image_is_refused(name: str) -> None:
    with pytest.raises(InputError):
        ImageReference.parse(f"{name}@sha256:{HEX}")


@pytest.mark.parametrize(
    "digest",
    [
        "",
        "sha256:",
        f"sha256:{HEX[1:]}",
        f"sha256:{HEX}0",
        f"sha256:{HEX.upper()}",
        f"sha512:{HEX * 2}",
        f"md5:{HEX[:32]}",
    ],
)
def test_an_image_needs_a_whole_lower_case_sha256(digest: str) -> None:
    with pytest.raises(InputError):
        ImageReference.parse(f"reg.io/ab@{digest}")


@pytest.mark.parametrize(("algorithm", "length"), [("sha1", 40), ("sha256", 64), ("sha384", 96), ("sha512", 128)])
def test_a_digest_is_read_in_its_normal_form(algorithm: str, length: int) -> None:
    digits = ("0123456789abcdef" * 8)[:length]
    assert str(Digest.parse(f" {algorithm.upper()} : {digits} ")) == f"{algorithm}:{digits}"


@pytest.mark.parametrize(
    "text", ["sha256", "sha256:a:b", f"blake3:{HEX}", f"sha256:{HEX.upper()}", "sha256:\u0661" * 1]
)
def test_a_malformed_digest_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(InputError, match="digest"):
        Digest.parse(text)


def test_a_refusal_quotes_hostile_text_escaped_and_cut() -> None:
    with pytest.raises(InputError) as refusal:
        Repository.parse("reg.io/\x1b[31m" + "x" * 5000)
    assert "\x1b" not in str(refusal.value)
    assert len(str(refusal.value)) < 300


@given(st.text(max_size=300))
def test_only_input_errors_leave_the_parsers(text: str) -> None:
    for parse in (Digest.parse, Repository.parse, ImageReference.parse):
        try:
            parse(text)
        except InputError:
            continue


@given(st.from_regex(r"[a-z]{1,10}\.[a-z]{2,5}(:[1-9][0-9]{0,3})?/[a-z0-9]{2,20}(/[a-z0-9_-]{1,20})?", fullmatch=True))
def test_a_normal_name_stays_as_it_is(name: str) -> None:
    assert str(Repository.parse(name)) == name
