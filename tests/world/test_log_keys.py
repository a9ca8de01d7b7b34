"""Where the log's public key comes from, and what a configuration without one is told."""

from pathlib import Path
from typing import Any

import pytest

from chains.config.config import Config, read_config
from chains.errors import InputError
from chains.hosts.reach import Reach
from chains.keys.generate import new_signer
from chains.rekor.log_v1 import LogV1
from chains.rekor.log_v2 import LogV2
from chains.wiring import LOG_KEY_VARIABLE, Logs

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
        Logs(Reach(), {}).transparency(config(public_key=given))


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
