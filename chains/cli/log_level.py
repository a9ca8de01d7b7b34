"""The level of the log, as Knative's ConfigMap for it says: followed, so that a change needs no restart."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager

import msgspec
import structlog

from chains.artifacts.reference import shown
from chains.cli.logs import LEVELS, set_level
from chains.errors import InputError
from chains.kube.client import KubeClient
from chains.kube.config_map import follow_config_map
from chains.kube.watch import Disconnected

NAME_VARIABLE = "CONFIG_LOGGING_NAME"
USUAL_NAME = "config-logging"
COMPONENTS = ("loglevel.watcher", "loglevel.controller")
WHOLE = "zap-logger-config"
# The levels of zap, in the words of ours; those above error end a Go process, and ours has none.
_LEVELS = {
    "debug": "debug",
    "info": "info",
    "warn": "warning",
    "warning": "warning",
    "error": "error",
    "dpanic": "error",
    "panic": "error",
    "fatal": "error",
}


class _ZapConfig(msgspec.Struct):
    level: str = ""


def level_in(entries: Mapping[str, str], default: str) -> str:
    """Return the level that the ConfigMap asks for, the default where it is silent; InputError for what is no level.

    `loglevel.watcher`, as Tekton Chains calls itself, goes before `loglevel.controller`, as its ConfigMap does, and
    either before the `level` in `zap-logger-config`.
    """
    for name in COMPONENTS:
        if entries.get(name, "").strip():
            return _level(name, entries[name].strip())
    if not entries.get(WHOLE, "").strip():
        return default
    try:
        config = msgspec.json.decode(entries[WHOLE], type=_ZapConfig)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(f"{WHOLE} is not the JSON of a logger's configuration: {error}") from error
    return _level(f"level in {WHOLE}", config.level) if config.level else default


@asynccontextmanager
async def following_log_level(
    client: KubeClient, namespace: str, env: Mapping[str, str], default: str
) -> AsyncGenerator[None, None]:
    """Keep the log at the level that the ConfigMap asks for until the body ends."""
    name = env.get(NAME_VARIABLE) or USUAL_NAME
    following = asyncio.create_task(_follow(client, namespace, name, default))
    try:
        yield
    finally:
        following.cancel()


async def _follow(client: KubeClient, namespace: str, name: str, default: str) -> None:
    log, current = structlog.get_logger(), default
    async with aclosing(follow_config_map(client, namespace, name)) as versions:
        async for version in versions:
            if isinstance(version, Disconnected):
                log.warning("the log level cannot be read", config_map=f"{namespace}/{name}", why=version.reason)
                continue
            try:
                wanted = level_in(version.data or {}, default)
            except InputError as error:
                log.warning("log level refused", config_map=f"{namespace}/{name}", why=str(error), then=current)
                continue
            if wanted != current:
                current = wanted
                set_level(wanted)
                log.log(LEVELS[wanted], "log level", level_now=wanted)


def _level(where: str, text: str) -> str:
    if text.lower() not in _LEVELS:
        raise InputError(f"{where} is {shown(text)}, and that is none of debug, info, warn, error")
    return _LEVELS[text.lower()]
