"""Policies: Rego as cosign asks it, CEL, and what is no policy."""

from pathlib import Path

import pytest

from chains.errors import InputError, VerificationError
from chains.policies.files import read_policies
from tests.verify.recordings import IGNORED, chains, recorded_registry

STATEMENT = b'{"predicateType":"t","subject":[{"name":"a"}],"predicate":{"builder":{"id":"x"},"n":3}}'


def ask(folder: Path, name: str, text: str, statement: bytes = STATEMENT) -> None:
    path = folder / name
    path.write_text(text)
    for policy in read_policies([path]):
        policy.check(statement)


@pytest.mark.parametrize(
    "text",
    [
        'package signature\ndefault allow = false\nallow { input.predicate.builder.id == "x" }',
        'package signature\nimport rego.v1\ndefault allow := false\nallow if { input.predicate.builder.id == "x" }',
    ],
    ids=["version 0", "version 1"],
)
def test_rego_that_allows_is_satisfied(tmp_path: Path, text: str) -> None:
    ask(tmp_path, "p.rego", text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("package signature\ndefault allow = false", "expression value, false, is not true"),
        ('package signature\nallow = "yes"', "is not true"),
        ("package signature\nallow = 1", "is not true"),
        ('package signature\nallow { input.predicate.builder.id == "y" }', "undefined"),
        ("package other\nallow = true", "undefined"),
        ('package signature\nallow { http.send({"method": "GET", "url": "http://127.0.0.1:1/"}) }', "undefined"),
    ],
)
def test_rego_that_does_not_say_true_is_not_satisfied(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises((VerificationError, InputError), match=why):
        ask(tmp_path, "p.rego", text)


def test_rego_that_cannot_be_read_is_refused_in_a_sentence(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match="cannot be run"):
        ask(tmp_path, "p.rego", "package signature\nallow {")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("p.rego", 'package signature\nallow { input.predicate.builder.id == "x" }'),
        ("p.cel", 'predicate.builder.id == "x"'),
    ],
)
@pytest.mark.parametrize(
    "statement",
    [
        b'{"predicate":{"builder":{"id":"x"}},"predicate":{"builder":{"id":"x"}}}',
        b'{"predicate":{"builder":{"id":"x","id":"y"}}}',
        b'{"predicate":{"builder":{"id":"y","\\u0069d":"x"}}}',
        b'{"predicate":{"builder":{"id":"x"},"list":[{"a":1,"a":1}]}}',
    ],
    ids=["whole", "first", "last, spelt otherwise", "in a list"],
)
def test_a_member_that_comes_twice_is_judged_by_no_policy(
    tmp_path: Path, name: str, text: str, statement: bytes
) -> None:
    with pytest.raises(VerificationError, match="twice in one object"):
        ask(tmp_path, name, text, statement)


@pytest.mark.parametrize("statement", [b"{", b'{"a": "\xff"}', b"[" * 100_000])
@pytest.mark.parametrize(
    ("name", "text"), [("p.rego", "package signature\nallow = true"), ("p.cel", "true")], ids=["rego", "cel"]
)
def test_what_is_no_json_is_judged_by_no_policy(tmp_path: Path, name: str, text: str, statement: bytes) -> None:
    with pytest.raises(InputError, match="no JSON object"):
        ask(tmp_path, name, text, statement)


def test_cel_that_is_true_is_satisfied(tmp_path: Path) -> None:
    ask(tmp_path, "p.cel", 'predicate.builder.id == "x" && predicate.n > 2 && subject.exists(s, s.name == "a")')
    ask(tmp_path, "p.cel", "statement.predicateType == predicateType")


@pytest.mark.parametrize("text", ['predicate.builder.id == "y"', "predicate.n", "predicate.nothing == 1", "nobody"])
def test_cel_that_is_not_true_is_not_satisfied(tmp_path: Path, text: str) -> None:
    with pytest.raises(VerificationError, match="CEL policy"):
        ask(tmp_path, "p.cel", text)


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("p.cel", "predicate.(", "cannot be read"),
        ("p.cue", "a: 1", "CUE policies are not supported"),
        ("p.txt", "", "expected .rego or .cel"),
    ],
)
def test_what_is_no_policy_is_refused(tmp_path: Path, name: str, text: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        ask(tmp_path, name, text)


def test_a_policy_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_policies([tmp_path / "nowhere.rego"])


def test_policies_and_plain_flags_judge_on_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "p.cel").write_text('predicate.builder.id == "https://tekton.dev/chains/v2"')
    (tmp_path / "q.cel").write_text("false")
    with recorded_registry("c25/app") as server:

        def ended(*arguments: str) -> tuple[int, str]:
            image = f"{server.address}/c25/app:v1"
            told = ("--key", "k25/cosign.pub", IGNORED, "--type", "slsaprovenance")
            result = chains("verify-attestation", *told, *arguments, image)
            return result.exit_code, result.stderr

        assert ended("--policy", str(tmp_path / "p.cel"), "--policy", "p_ok.rego")[0] == 0
        assert ended("--builder-id", "https://tekton.dev/chains/v2", "--max-age=9999d")[0] == 0
        code, said = ended("--policy", f"p_ok.rego,{tmp_path / 'q.cel'}")
        assert (code, "1 validation errors occurred" in said) == (1, True)
        code, said = ended("--builder-id", "https://evil.example")
        assert (code, "its builder is" in said) == (1, True)
        assert "30d" in ended("--max-age", "old")[1]
