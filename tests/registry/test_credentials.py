"""Keychains: their order, their laziness, and the files and programs behind them."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chains.artifacts.reference import Repository
from chains.errors import EdgeError, InputError
from chains.registry.credential import Credential, Keychain
from chains.registry.credential_programs import ask_program
from chains.registry.credentials import ChainedKeychain, DocumentsKeychain, config_file_keychain
from chains.registry.docker_config import DockerConfig
from tests.registry.builders import Offering

REPOSITORY = Repository("registry.example.com", "team/app")


def document(user: str) -> bytes:
    return json.dumps({"auths": {"registry.example.com": {"username": user, "password": "pw"}}}).encode()


async def users(keychain: Keychain, repository: Repository = REPOSITORY) -> list[str]:
    return [credential.username async for credential in keychain.credentials(repository)]


def program(folder: Path, name: str, script: str) -> dict[str, str]:
    """Write a credential program; return an environment that finds it."""
    file = folder / f"docker-credential-{name}"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


async def test_documents_are_fetched_no_sooner_than_they_are_needed() -> None:
    fetched: list[str] = []

    async def fetch() -> AsyncIterator[DockerConfig]:
        for name in ("push-secret", "pull-secret"):
            fetched.append(name)
            yield DockerConfig.parse(document(name))

    offered = DocumentsKeychain(fetch).credentials(REPOSITORY)
    assert (await anext(offered)).username == "push-secret"
    assert fetched == ["push-secret"]
    assert (await anext(offered)).username == "pull-secret"
    assert fetched == ["push-secret", "pull-secret"]


async def test_fetching_ends_when_nobody_asks_any_more() -> None:
    ended: list[bool] = []

    async def fetch() -> AsyncIterator[DockerConfig]:
        try:
            yield DockerConfig.parse(document("first"))
            yield DockerConfig.parse(document("second"))
        finally:
            ended.append(True)

    offered = ChainedKeychain(DocumentsKeychain(fetch)).credentials(REPOSITORY)
    await anext(offered)
    await offered.aclose()
    assert ended == [True]


async def test_chained_keychains_are_asked_in_turn() -> None:
    first, second = Offering(Credential("a")), Offering(Credential("b"))
    offered = ChainedKeychain(first, second).credentials(REPOSITORY)
    assert (await anext(offered)).username == "a"
    assert second.asked == 0
    assert (await anext(offered)).username == "b"
    await offered.aclose()


async def test_the_first_file_there_is_is_used(tmp_path: Path) -> None:
    def write(path: str, user: str) -> str:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(document(user))
        return str(file)

    env = {"HOME": str(tmp_path / "home"), "XDG_RUNTIME_DIR": str(tmp_path / "run")}
    assert await users(config_file_keychain(env)) == []
    write("home/.config/containers/auth.json", "config")
    assert await users(config_file_keychain(env)) == ["config"]
    write("run/containers/auth.json", "runtime")
    assert await users(config_file_keychain(env)) == ["runtime"]
    env["REGISTRY_AUTH_FILE"] = write("named.json", "named")
    assert await users(config_file_keychain(env)) == ["named"]
    write("home/.docker/config.json", "home")
    assert await users(config_file_keychain(env)) == ["home"]
    write("docker/config.json", "docker")
    assert await users(config_file_keychain({**env, "DOCKER_CONFIG": str(tmp_path / "docker")})) == ["docker"]


async def test_a_file_is_read_anew_each_time(tmp_path: Path) -> None:
    keychain = config_file_keychain({"DOCKER_CONFIG": str(tmp_path)})
    (tmp_path / "config.json").write_bytes(document("old"))
    assert await users(keychain) == ["old"]
    (tmp_path / "config.json").write_bytes(document("new"))
    assert await users(keychain) == ["new"]


async def test_a_bad_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("hunter2")
    with pytest.raises(InputError, match=r"config\.json") as raised:
        await users(config_file_keychain({"DOCKER_CONFIG": str(tmp_path)}))
    assert "hunter2" not in str(raised.value)


async def test_a_program_gets_the_registry_and_gives_the_credential(tmp_path: Path) -> None:
    env = program(tmp_path, "echo", 'read server; printf \'{"Username":"%s-%s","Secret":"pw"}\' "$1" "$server"')
    assert await ask_program("echo", REPOSITORY, env) == Credential("get-registry.example.com", "pw")
    assert await ask_program("echo", Repository.parse("busybox"), env) == Credential(
        "get-https://index.docker.io/v1/", "pw"
    )


async def test_a_token_user_marks_an_identity_token(tmp_path: Path) -> None:
    env = program(tmp_path, "token", 'echo \'{"ServerURL":"x","Username":"<token>","Secret":"refresh"}\'')
    assert await ask_program("token", REPOSITORY, env) == Credential(identity_token="refresh")


async def test_a_program_without_a_credential_offers_none(tmp_path: Path) -> None:
    env = program(tmp_path, "none", "echo 'credentials not found in native keychain'; exit 1")
    assert await ask_program("none", REPOSITORY, env) is None


@pytest.mark.parametrize("script", ["exit 3", "echo not json", "echo '{}'", "echo hunter2; exit 1"])
async def test_a_program_that_fails_is_named_and_its_output_is_not(tmp_path: Path, script: str) -> None:
    with pytest.raises(EdgeError, match="docker-credential-broken") as raised:
        await ask_program("broken", REPOSITORY, program(tmp_path, "broken", script))
    assert raised.value.transient
    assert "hunter2" not in str(raised.value)


async def test_a_program_that_hangs_is_ended(tmp_path: Path) -> None:
    with pytest.raises(EdgeError, match="did not answer") as raised:
        await ask_program("slow", REPOSITORY, program(tmp_path, "slow", "exec sleep 60"), seconds=0.05)
    assert raised.value.transient


async def test_a_missing_program_says_what_helps(tmp_path: Path) -> None:
    with pytest.raises(EdgeError, match="credsStore") as raised:
        await ask_program("missing", REPOSITORY, {"PATH": str(tmp_path)})
    assert not raised.value.transient


@pytest.mark.parametrize("name", ["../evil", "a/b", "-x", "a b"])
async def test_a_program_has_a_plain_name(name: str) -> None:
    with pytest.raises(InputError, match="credential program"):
        await ask_program(name, REPOSITORY, {})


async def test_a_registrys_own_program_comes_before_the_entries_and_the_default_after(tmp_path: Path) -> None:
    env = program(tmp_path, "own", 'echo \'{"Username":"own","Secret":"s"}\'')
    program(tmp_path, "default", 'echo \'{"Username":"default","Secret":"s"}\'')
    entries = json.loads(document("entry"))
    config = {**entries, "credsStore": "default", "credHelpers": {"own.example.com": "own"}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    keychain = config_file_keychain({**env, "DOCKER_CONFIG": str(tmp_path)})
    assert await users(keychain) == ["entry", "default"]
    assert await users(keychain, Repository("own.example.com", "a/b")) == ["own"]
