"""Docker's configuration documents: what is read, what is matched, and what is refused without being repeated."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chains.artifacts.reference import Repository
from chains.errors import InputError
from chains.registry.credential import Credential
from chains.registry.docker_config import DockerConfig, RegistryPattern


def auth(user: str = "user", password: str = "hunter2") -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def config(**auths: Any) -> DockerConfig:
    return DockerConfig.parse(json.dumps({"auths": auths}).encode())


def users(document: DockerConfig, repository: str) -> list[str]:
    return [credential.username for credential in document.credentials(Repository.parse(repository))]


@pytest.mark.parametrize(
    ("key", "repository", "matches"),
    [
        ("registry.example.com", "registry.example.com/a/b", True),
        ("REGISTRY.example.com", "registry.example.com/a/b", True),
        ("https://registry.example.com", "registry.example.com/a/b", True),
        ("http://registry.example.com/", "registry.example.com/a/b", True),
        ("https://registry.example.com/v1/", "registry.example.com/a/b", True),
        ("https://registry.example.com/v2/", "registry.example.com/a/b", True),
        ("https://registry.example.com/v2", "registry.example.com/a/b", True),
        ("registry.example.com/v2/a", "registry.example.com/a/b", True),
        ("registry.example.com/a", "registry.example.com/a/b", True),
        ("registry.example.com/a/b/", "registry.example.com/a/b", True),
        ("registry.example.com/a/b/c", "registry.example.com/a/b", False),
        ("registry.example.com/aa", "registry.example.com/a/b", False),
        ("registry.example.com/a", "registry.example.com/ab/c", False),
        ("registry.example.com:5000", "registry.example.com:5000/a/b", True),
        ("registry.example.com", "registry.example.com:5000/a/b", False),
        ("registry.example.com:5000", "registry.example.com/a/b", False),
        ("*.example.com", "registry.example.com/a/b", True),
        ("*.example.com", "example.com/a/b", False),
        ("*.example.com", "a.registry.example.com/a/b", False),
        ("*.*.example.com", "a.registry.example.com/a/b", True),
        ("reg*.example.com:5000", "registry.example.com:5000/a/b", True),
        ("registry.exampl?.com", "registry.example.com/a/b", True),
        ("*", "registry.example.com/a/b", False),
        ("[::1]:5000", "[::1]:5000/a/b", True),
        ("[::2]:5000", "[::1]:5000/a/b", False),
        ("https://index.docker.io/v1/", "busybox", True),
        ("docker.io", "docker.io/library/busybox", True),
        ("registry-1.docker.io", "team/app", True),
        ("docker.io/team", "team/app", True),
        ("docker.io/team", "busybox", False),
    ],
)
def test_keys_match_repositories(key: str, repository: str, matches: bool) -> None:
    assert users(config(**{key: auth()}), repository) == (["user"] if matches else [])


def test_the_most_specific_entry_comes_first() -> None:
    document = config(
        **{
            "*.example.com": auth("glob"),
            "registry.example.com": auth("host"),
            "registry.example.com/team/app": auth("app"),
            "registry.example.com/team": auth("team"),
            "elsewhere.example.com/team/app": auth("other"),
        }
    )
    assert users(document, "registry.example.com/team/app") == ["app", "team", "host", "glob"]


def test_every_kind_of_secret_is_read() -> None:
    document = config(
        **{
            "a.example.com": {"username": "u", "password": "p"},
            "b.example.com": {"username": "old", "password": "old", **auth("u", "p:with:colons")},
            "c.example.com": {"identitytoken": "refresh"},
            "d.example.com": {"registrytoken": "bearer"},
            "e.example.com": {"auth": base64.b64encode(b"u:p").decode().rstrip("=") + "\n"},
            "f.example.com": {"auth": base64.b64encode(b"u:p\0").decode()},
            "g.example.com": {},
            "h.example.com": None,
        }
    )
    found = {letter: list(document.credentials(Repository.parse(f"{letter}.example.com/a/b"))) for letter in "abcdefgh"}
    assert found == {
        "a": [Credential("u", "p")],
        "b": [Credential("u", "p:with:colons")],
        "c": [Credential(identity_token="refresh")],
        "d": [Credential(registry_token="bearer")],
        "e": [Credential("u", "p")],
        "f": [Credential("u", "p")],
        "g": [],
        "h": [],
    }


def test_the_legacy_document_has_its_entries_on_top() -> None:
    document = DockerConfig.parse_legacy(json.dumps({"registry.example.com": {**auth(), "email": "a@b"}}).encode())
    assert users(document, "registry.example.com/a/b") == ["user"]


def test_credential_programs_are_found_by_registry() -> None:
    text = {"credsStore": "desktop", "credHelpers": {"https://r.example.com:5000": "ecr", "docker.io": "hub"}}
    document = DockerConfig.parse(json.dumps(text).encode())
    assert document.program == "desktop"
    assert document.program_for(Repository.parse("r.example.com:5000/a/b")) == "ecr"
    assert document.program_for(Repository.parse("busybox")) == "hub"
    assert document.program_for(Repository.parse("r.example.com/a/b")) == ""


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"hunter2",
        b'["hunter2"]',
        b'{"auths":["hunter2"]}',
        b'{"auths":{"r.example.com":"hunter2"}}',
        b'{"auths":{"r.example.com":{"password":["hunter2"]}}}',
        b'{"auths":{"r.example.com":{"auth":"hunter2"}}}',
        b'{"auths":{"r.example.com":{"auth":"aHVudGVyMg=="}}}',
        b'{"auths":{"r.example.com":{"auth":"//8="}}}',
        b'{"auths":{"hunter2',
    ],
)
def test_a_malformed_document_is_refused_without_repeating_it(document: bytes) -> None:
    with pytest.raises(InputError) as raised:
        DockerConfig.parse(document)
    text = f"{raised.value!r} {raised.value.__cause__!r}"
    assert "hunter2" not in text
    assert "aHVudGVyMg" not in text


def test_a_credential_does_not_show_its_secrets() -> None:
    shown = repr(Credential("user", "hunter2", "hunter3", "hunter4"))
    assert "user" in shown
    assert "hunter" not in shown


LABEL = st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True)
SEGMENTS = st.lists(LABEL, min_size=1, max_size=4)


@settings(max_examples=30, deadline=None)
@given(st.lists(LABEL, min_size=2, max_size=4), SEGMENTS, st.data())
def test_a_key_matches_what_it_was_made_from(labels: list[str], segments: list[str], data: st.DataObject) -> None:
    path = ["team", *segments]
    kept = data.draw(st.integers(0, len(path)))
    host = [data.draw(st.sampled_from([label, "*", label[0] + "*"])) for label in labels]
    scheme = data.draw(st.sampled_from(["", "https://", "http://"]))
    version = data.draw(st.sampled_from(["", "/v1", "/v2"]))
    pattern = RegistryPattern.parse(f"{scheme}{'.'.join(host)}{version}/{'/'.join(path[:kept])}")
    assert pattern.covers(Repository(".".join(labels), "/".join(path)))
    assert not pattern.covers(Repository(".".join([*labels, "more"]), "/".join(path)))
    assert not pattern.covers(Repository(".".join(labels) + ":5000", "/".join(path)))
    if kept:
        assert not pattern.covers(Repository(".".join(labels), "/".join(["other", *path[1:]])))


@settings(max_examples=30, deadline=None)
@given(st.recursive(st.none() | st.text(max_size=20) | st.integers(), lambda inner: st.dictionaries(st.text(), inner)))
def test_any_json_is_read_or_refused(document: Any) -> None:
    try:
        read = DockerConfig.parse(json.dumps({"auths": document}).encode())
    except InputError:
        return
    assert isinstance(list(read.credentials(Repository("registry.example.com", "a/b"))), list)
