"""Reading WWW-Authenticate."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chains.registry.challenges import Challenge, challenge_in


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (
            ['Bearer realm="https://auth.example.com/token",service="r.example.com",scope="repository:a/b:pull,push"'],
            Challenge(False, "https://auth.example.com/token", "r.example.com", "repository:a/b:pull,push"),
        ),
        (['bearer REALM = "https://a/t" , error=invalid_token'], Challenge(False, "https://a/t")),
        (["Bearer realm=https://a/t"], Challenge(False, "https://a/t")),
        (['Bearer realm="https://a/\\"q\\""'], Challenge(False, 'https://a/"q"')),
        (['Basic realm="Registry Realm"'], Challenge(True)),
        (["Basic"], Challenge(True)),
        (['Basic realm="x", Bearer realm="https://a/t",service="s"'], Challenge(False, "https://a/t", "s")),
        (['Basic realm="x"', 'Bearer realm="https://a/t"'], Challenge(False, "https://a/t")),
        (['Negotiate, Basic realm="x"'], Challenge(True)),
        (["Bearer"], None),
        (["Negotiate"], None),
        ([""], None),
        ([], None),
    ],
)
def test_a_challenge_is_read(headers: list[str], expected: Challenge | None) -> None:
    assert challenge_in(headers) == expected


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=200))
def test_any_header_is_read_without_failing(header: str) -> None:
    assert challenge_in([header]) is None or isinstance(challenge_in([header]), Challenge)
