"""How long a token is kept."""

import pytest
from aiohttp import web
from yarl import URL

from chains.hosts.reach import Reach
from chains.hosts.transport import Transport
from chains.registry.challenges import Challenge
from chains.registry.limits import Limits
from chains.registry.refusals import REGISTRY
from chains.registry.tokens import Tokens, Wanted
from tests.registry.builders import Clock, Script, scripted


def issuing(**grant: object) -> Script:
    """Issue t1, t2 and so on."""
    issued = 0

    async def script(_: web.BaseRequest) -> web.StreamResponse:
        nonlocal issued
        issued += 1
        return web.json_response({"token": f"t{issued}", **grant})

    return script


@pytest.mark.parametrize(
    ("grant", "kept"),
    [({"expires_in": 300}, 290), ({}, 50), ({"expires_in": 0}, 50), ({"expires_in": None}, 50), ({"expires_in": 4}, 2)],
)
async def test_a_token_is_kept_until_shortly_before_it_ends(grant: dict[str, object], kept: float) -> None:
    clock = Clock()
    async with scripted(issuing(**grant)) as server:
        transport = Transport(REGISTRY, Reach(), Limits())
        tokens = Tokens(transport, insecure=False, clock=clock)
        challenge = Challenge(False, f"http://{server.host}/token")
        wanted = Wanted(URL(f"http://{server.host}/v2/"), challenge, ("repository:a/b:pull",), None)
        assert await tokens.bearer(wanted) == "t1"
        clock.now += kept - 0.01
        assert await tokens.bearer(wanted) == "t1"
        clock.now += 0.02
        assert await tokens.bearer(wanted) == "t2"
        tokens.forget(wanted, "t1")
        assert await tokens.bearer(wanted) == "t2", "a younger token is not forgotten for an older one"
        tokens.forget(wanted, "t2")
        assert await tokens.bearer(wanted) == "t3"
        await tokens.close()
        await transport.close()


async def test_an_access_token_will_do() -> None:
    async with scripted(issuing(token="", access_token="other")) as server:
        transport = Transport(REGISTRY, Reach(), Limits())
        tokens = Tokens(transport, insecure=False)
        challenge = Challenge(False, f"http://{server.host}/token")
        wanted = Wanted(URL(f"http://{server.host}/v2/"), challenge, ("repository:a/b:pull",), None)
        assert await tokens.bearer(wanted) == "other"
        await tokens.close()
        await transport.close()
