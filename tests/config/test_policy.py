"""The admission policy refuses nothing that the controller accepts, and most of what it refuses."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chains.config.keys import KEYS, Key
from chains.errors import InputError

PATTERNED = [key for key in KEYS if key.check.pattern]
PIECES = [
    *("oci", "tekton", "gcs", "x509", "none", "dsse", "both", "in-toto", "slsa/v1", "true", "T", "0", "1", "2", "all"),
    *(
        ",",
        " ",
        "\t",
        "\n",
        "",
        "30s",
        "10m",
        "24h",
        "s",
        "http://",
        "HTTPS://",
        "rekor.example.com",
        "/",
        "?",
        "#",
        "@",
    ),
    *("required", "deferred", "manual", "false", "kafka", "inmemory", "https://tekton.dev/chains/v2/slsa", "é", "9"),
]


def accepted(key: Key, text: str) -> bool:
    try:
        key.check.read(text)
    except InputError:
        return False
    return True


@given(st.sampled_from(PATTERNED), st.lists(st.sampled_from(PIECES), max_size=5).map("".join))
def test_whatever_the_controller_accepts_the_policy_accepts(key: Key, text: str) -> None:
    assert not accepted(key, text) or re.fullmatch(key.check.pattern, text, re.ASCII)


@pytest.mark.parametrize("key", PATTERNED, ids=lambda key: key.name)
def test_each_default_passes_and_a_mistake_does_not(key: Key) -> None:
    assert re.fullmatch(key.check.pattern, key.default)
    for mistake in ("nonsense", f"{key.default or 'x'}!", f"{key.default},,"):
        assert not accepted(key, mistake) or key.name == "transparency.url"
        assert not re.fullmatch(key.check.pattern, mistake) or key.name == "transparency.url"


def test_a_pattern_can_stand_between_quotes_and_compares_as_python_and_re2_do() -> None:
    for key in PATTERNED:
        assert "'" not in key.check.pattern
        assert not re.search(r"\(\?[=!<P]|\\[1-9AZbB]", key.check.pattern), "RE2 has no such thing, or another"
