"""Where the log's public key comes from, and what a configuration without one is told."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chains.config.config import Config, read_config
from chains.errors import InputError
from chains.hosts.reach import Reach
from chains.keys.generate import new_signer
from chains.rekor.key_source import (
    LOG_KEY_VARIABLE,
    MIRROR,
    PUBLIC_LOG,
    TRUSTED_ROOT,
    embedded,
    root_folder,
    sigstore_root,
)
from chains.rekor.log_key import read_log_keys
from chains.rekor.log_v1 import LogV1
from chains.rekor.log_v2 import LogV2
from chains.wiring import Logs

PEM = new_signer().public_pem


def config(**told: str) -> Config:
    entries = {"transparency.enabled": "true"} | {f"transparency.{name}": text for name, text in told.items()}
    reading = read_config({name.replace("_", "-"): text for name, text in entries.items()})
    assert reading.problems == ()
    return reading.config


def files(folder: Path) -> dict[str, Any]:
    key = folder / "rekor.pub"
    key.write_bytes(PEM)
    return {
        "the PEM itself": (config(public_key=PEM.decode()), {}),
        "its file": (config(public_key=str(key)), {}),
        "the variable": (config(), {LOG_KEY_VARIABLE: str(key)}),
        "the setting before the variable": (config(public_key=str(key)), {LOG_KEY_VARIABLE: "/nowhere"}),
    }


@pytest.mark.parametrize("source", ["the PEM itself", "its file", "the variable", "the setting before the variable"])
def test_the_key_is_read_where_it_is_said_to_be(source: str, tmp_path: Path) -> None:
    told, env = files(tmp_path)[source]
    found = Logs(Reach(), env).transparency(told)
    assert found is not None
    assert not found.deferred


@pytest.mark.parametrize("given", ["", "/nowhere", "-----BEGIN PUBLIC KEY-----", "{}", "\0"])
def test_a_key_that_is_not_to_be_had_refuses_the_configuration(given: str) -> None:
    with pytest.raises(InputError, match="public key"):
        Logs(Reach(), {}).transparency(config(public_key=given, url="https://rekor.example.com"))


@pytest.mark.parametrize(
    "told", [{}, {"url": f"{PUBLIC_LOG}/"}, {"url": "https://rekor.example.com", "public_key": "sigstore"}]
)
def test_sigstores_root_has_the_keys_of_the_public_log_and_is_taken_where_it_is_named(
    told: dict[str, str], tmp_path: Path
) -> None:
    assert Logs(Reach(), {"TUF_ROOT": str(tmp_path)}).transparency(config(**told)) is not None


def test_the_root_that_was_fetched_comes_before_the_packages(tmp_path: Path) -> None:
    env = {"TUF_ROOT": str(tmp_path)}
    [known, *_] = read_log_keys(sigstore_root(env))
    assert known.log_id.hex() == "c0d23d6ad406973f9559f3ba2d1ca01f84147d8ffc5b8445c224f98b9591801d"
    fetched = root_folder(env, MIRROR) / "targets" / TRUSTED_ROOT
    fetched.parent.mkdir(parents=True)
    fetched.write_bytes(PEM)
    assert sigstore_root(env) == PEM


def test_without_the_package_it_is_said_what_helps() -> None:
    with pytest.raises(InputError, match="install chains with its extra named sigstore"):
        embedded(TRUSTED_ROOT, package="no_such_package")


def test_the_packages_root_costs_no_import() -> None:
    script = "import sys; from chains.rekor.key_source import sigstore_root; sigstore_root({'HOME': '/nowhere'}); "
    script += "print(sorted({'sigstore', 'tuf', 'pydantic', 'requests'} & {*sys.modules}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_no_key_is_asked_for_where_nothing_is_logged() -> None:
    for enabled in ("false", ""):
        assert Logs(Reach(), {}).transparency(config(enabled=enabled)) is None


def test_one_log_has_one_client_and_each_api_its_own() -> None:
    logs = Logs(Reach(), {})
    first, again = (logs.transparency(config(public_key=PEM.decode())) for _ in range(2))
    second = logs.transparency(config(public_key=PEM.decode(), version="2", mode="deferred"))
    assert first is not None
    assert again is not None
    assert second is not None
    assert first.log is again.log
    assert isinstance(first.log, LogV1)
    assert isinstance(second.log, LogV2)
    assert second.deferred
