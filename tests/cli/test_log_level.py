"""The level of the log follows its ConfigMap, without a restart."""

import asyncio
import json
from pathlib import Path

import pytest
import structlog

from chains.cli.log_level import following_log_level, level_in
from chains.cli.logs import log_to_stderr
from chains.demo.kubernetes.server import KubernetesServer
from chains.errors import InputError
from chains.kube.client import KubeClient
from chains.kube.resources import CONFIG_MAPS

ZAP = json.dumps({"level": "warn", "encoding": "json"})


@pytest.mark.parametrize(
    ("entries", "level"),
    [
        ({}, "info"),
        ({"loglevel.controller": "debug"}, "debug"),
        ({"loglevel.watcher": "error", "loglevel.controller": "debug"}, "error"),
        ({"zap-logger-config": ZAP}, "warning"),
        ({"zap-logger-config": ZAP, "loglevel.controller": " Debug\n"}, "debug"),
        ({"zap-logger-config": "{}", "loglevel.webhook": "debug"}, "info"),
        ({"loglevel.watcher": "fatal"}, "error"),
    ],
)
def test_the_component_goes_before_the_whole(entries: dict[str, str], level: str) -> None:
    assert level_in(entries, "info") == level


@pytest.mark.parametrize(
    "entries", [{"loglevel.watcher": "loud"}, {"zap-logger-config": "level: info"}, {"zap-logger-config": "[]"}]
)
def test_what_is_no_level_is_refused_with_the_key_that_holds_it(entries: dict[str, str]) -> None:
    with pytest.raises(InputError, match=next(iter(entries))):
        level_in(entries, "info")


async def test_a_change_is_in_force_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = structlog.get_config()
    log = structlog.get_logger()
    said: list[str] = []

    async def until(word: str) -> None:
        while word not in "".join(said):
            said.append(capsys.readouterr().err)
            await asyncio.sleep(0.01)

    try:
        async with asyncio.timeout(30), KubernetesServer() as kubernetes:
            (tmp_path / "kubeconfig").write_text(kubernetes.kubeconfig())
            client = await KubeClient.connect(str(tmp_path / "kubeconfig"))
            log_to_stderr("info")
            env = {"CONFIG_LOGGING_NAME": "our-logging"}
            async with following_log_level(client, "default", env, "info"):
                log.debug("too quiet")
                await kubernetes.apply(config_map({"loglevel.controller": "debug"}))
                await until('"level_now": "debug"')
                log.debug("heard now")
                await kubernetes.apply(config_map({"loglevel.controller": "loud"}))
                await until("log level refused")
                await client.delete(CONFIG_MAPS.path("default", "our-logging"))
                await until('"level_now": "info"')
                log.debug("too quiet again")
            await client.close()
    finally:
        structlog.configure(**before)
    said.append(capsys.readouterr().err)
    assert "heard now" in "".join(said)
    assert "too quiet" not in "".join(said)


def config_map(entries: dict[str, str]) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "our-logging", "namespace": "default"},
        "data": entries,
    }
