"""Passwords and tokens in front of the embedded registry."""

import json
from urllib.parse import urlencode

import pytest

from chains.demo.registry.access import Account, Passwords
from chains.demo.registry.server import RegistryServer
from chains.demo.registry.tokens import Tokens
from tests.registry_contract.builders import Answer, Client, basic, client

ACCOUNTS = {
    "ci": Account("pw", {"team/*": {"pull", "push"}}, identity_token="identity"),
    "admin": Account("root"),
    "reader": Account("pw:with:colons", {"team/*": {"pull"}}),
}
PUSH, PULL = "repository:team/app:pull,push", "repository:team/app:pull"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def ask(registry: Client, login: str = "", **query: str) -> Answer:
    headers = {"Authorization": login} if login else {}
    return await registry.send("GET", f"/token?{urlencode(query)}", headers=headers)


async def token(registry: Client, scope: str, login: str = "") -> str:
    answer = await ask(registry, login, service="embedded-registry", scope=scope)
    assert answer.status == 200
    return str(json.loads(answer.body)["token"])


async def start(registry: Client, bearer: str, repository: str = "team/app") -> Answer:
    headers = {"Authorization": f"Bearer {bearer}"}
    return await registry.send("POST", f"/v2/{repository}/blobs/uploads/", headers=headers)


async def test_a_password_opens_what_its_user_may_do() -> None:
    async with RegistryServer(gate=Passwords(ACCOUNTS)) as server, client(server.address) as registry:
        for login, target, status in (
            (basic("ci", "pw"), "/v2/team/app/blobs/uploads/", 202),
            (basic("ci", "pw"), "/v2/other/app/blobs/uploads/", 403),
            (basic("reader", "pw:with:colons"), "/v2/team/app/blobs/uploads/", 403),
            (basic("admin", "root"), "/v2/other/app/blobs/uploads/", 202),
            (basic("ci", "root"), "/v2/team/app/blobs/uploads/", 401),
        ):
            answer = await registry.send("POST", target, headers={"Authorization": login})
            assert answer.status == status
            if status == 403:
                assert answer.codes == ["DENIED"]


async def test_deleting_and_the_catalog_need_rules_of_their_own() -> None:
    async with RegistryServer(gate=Passwords(ACCOUNTS)) as server, client(server.address) as registry:
        target = f"/v2/team/app/manifests/{server.push_image('team/app', 'seed').digest}"
        for login, status in ((basic("ci", "pw"), 403), (basic("admin", "root"), 202)):
            headers = {"Authorization": login}
            assert (await registry.send("DELETE", target, headers=headers)).status == status
            assert (await registry.send("GET", "/v2/_catalog", headers=headers)).status == (
                403 if status == 403 else 200
            )


async def test_anonymous_clients_may_pull_where_that_is_open() -> None:
    gate = Passwords(ACCOUNTS, anonymous={"public/*": {"pull"}})
    async with RegistryServer(gate=gate) as server, client(server.address) as registry:
        digest = server.push_image("public/app", "seed").digest
        assert (await registry.manifest("public/app", str(digest))).status == 200
        assert (await registry.send("POST", "/v2/public/app/blobs/uploads/")).status == 401
        assert (await registry.manifest("team/app", str(digest))).status == 401


async def test_a_token_opens_what_it_was_granted() -> None:
    async with RegistryServer(gate=Tokens(ACCOUNTS)) as server, client(server.address) as registry:
        refused = await registry.send("POST", "/v2/team/app/blobs/uploads/")
        assert f'realm="http://{server.address}/token"' in refused.headers["WWW-Authenticate"]
        granted = await token(registry, PUSH, basic("ci", "pw"))
        assert (await start(registry, granted)).status == 202
        assert (await registry.send("GET", "/v2/", headers={"Authorization": f"bearer {granted}"})).status == 200


@pytest.mark.parametrize(
    ("scope", "login"),
    [
        (PULL, basic("ci", "pw")),
        ("repository:team/other:pull,push", basic("ci", "pw")),
        ("", basic("ci", "pw")),
        (PUSH, basic("reader", "pw:with:colons")),
        (PUSH, ""),
    ],
)
async def test_a_token_for_less_is_not_enough(scope: str, login: str) -> None:
    async with RegistryServer(gate=Tokens(ACCOUNTS)) as server, client(server.address) as registry:
        answer = await start(registry, await token(registry, scope, login))
        assert (answer.status, answer.codes) == (401, ["UNAUTHORIZED"])
        challenge = answer.headers["WWW-Authenticate"]
        assert 'error="insufficient_scope"' in challenge
        assert f'scope="{PUSH}"' in challenge


async def test_a_mount_needs_to_read_its_source() -> None:
    async with RegistryServer(gate=Tokens(ACCOUNTS)) as server, client(server.address) as registry:
        server.push_image("team/base", "seed")
        layer = json.loads(server.manifest("team/base", str(server.push_image("team/base", "seed").digest)))["layers"][
            0
        ]
        target = f"/v2/team/app/blobs/uploads/?mount={layer['digest']}&from=team/base"
        for scope, status in ((PUSH, 401), (f"{PUSH} repository:team/base:pull", 201)):
            bearer = await token(registry, scope, basic("ci", "pw"))
            answer = await registry.send("POST", target, headers={"Authorization": f"Bearer {bearer}"})
            assert answer.status == status


async def test_a_wrong_password_gets_no_token_but_no_password_does() -> None:
    gate = Tokens(ACCOUNTS, anonymous={"team/*": {"pull"}})
    async with RegistryServer(gate=gate) as server, client(server.address) as registry:
        server.push_image("team/app", "seed", "v1")
        wrong = await ask(registry, basic("ci", "wrong"), scope=PULL)
        assert (wrong.status, wrong.codes) == (401, ["UNAUTHORIZED"])
        headers = {"Authorization": f"Bearer {await token(registry, PULL)}", "Accept": "*/*"}
        assert (await registry.send("GET", "/v2/team/app/tags/list", headers=headers)).status == 200


async def test_a_token_expires() -> None:
    clock = Clock()
    gate = Tokens(ACCOUNTS, seconds=60, clock=clock)
    async with RegistryServer(gate=gate) as server, client(server.address) as registry:
        answer = await ask(registry, basic("ci", "pw"), scope=PUSH)
        document = json.loads(answer.body)
        assert (document["expires_in"], document["access_token"]) == (60, document["token"])
        clock.now = 59.9
        assert (await start(registry, document["token"])).status == 202
        clock.now = 60
        expired = await start(registry, document["token"])
        assert expired.status == 401
        assert 'error="invalid_token"' in expired.headers["WWW-Authenticate"]
        assert (await start(registry, await token(registry, PUSH, basic("ci", "pw")))).status == 202


async def test_revoked_tokens_are_invalid_at_once() -> None:
    gate = Tokens(ACCOUNTS)
    async with RegistryServer(gate=gate) as server, client(server.address) as registry:
        granted = await token(registry, PUSH, basic("ci", "pw"))
        gate.revoke_all()
        assert (await start(registry, granted)).status == 401


async def test_identity_and_refresh_tokens_are_exchanged_by_post() -> None:
    async with RegistryServer(gate=Tokens(ACCOUNTS)) as server, client(server.address) as registry:
        offline = await ask(registry, basic("ci", "pw"), scope=PUSH, offline_token="true")
        for refresh in ("identity", json.loads(offline.body)["refresh_token"]):
            form = {"grant_type": "refresh_token", "refresh_token": refresh, "scope": PUSH, "service": "x"}
            answer = await registry.send("POST", "/token", urlencode(form).encode(), FORM)
            document = json.loads(answer.body)
            assert (answer.status, document["scope"]) == (200, PUSH)
            assert (await start(registry, document["access_token"])).status == 202


async def test_a_password_is_exchanged_by_post_for_a_refresh_token_too() -> None:
    async with RegistryServer(gate=Tokens(ACCOUNTS)) as server, client(server.address) as registry:
        form = {"grant_type": "password", "username": "ci", "password": "pw", "access_type": "offline", "scope": PUSH}
        document = json.loads((await registry.send("POST", "/token", urlencode(form).encode(), FORM)).body)
        assert (await start(registry, document["access_token"])).status == 202
        assert document["refresh_token"]


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "refresh_token", "refresh_token": "wrong"}, "invalid_grant"),
        ({"grant_type": "refresh_token"}, "invalid_grant"),
        ({"grant_type": "password", "username": "ci", "password": "wrong"}, "invalid_grant"),
        ({"grant_type": "authorization_code"}, "unsupported_grant_type"),
        ({}, "unsupported_grant_type"),
    ],
)
async def test_what_cannot_be_exchanged_is_refused(form: dict[str, str], error: str) -> None:
    async with RegistryServer(gate=Tokens(ACCOUNTS)) as server, client(server.address) as registry:
        answer = await registry.send("POST", "/token", urlencode(form).encode(), FORM)
        assert (answer.status, json.loads(answer.body)["error"]) == (400, error)


async def test_there_is_no_token_endpoint_without_tokens() -> None:
    async with RegistryServer(gate=Passwords(ACCOUNTS)) as server, client(server.address) as registry:
        assert (await ask(registry, basic("ci", "pw"))).status == 404
