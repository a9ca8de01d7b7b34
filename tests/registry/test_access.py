"""Getting in: challenges, tokens, and which credential of a keychain a registry takes."""

import asyncio
import base64
import json
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import pytest
from aiohttp import web

from chains.demo.registry.access import Account, Passwords
from chains.demo.registry.server import RegistryServer
from chains.demo.registry.tokens import Tokens
from chains.errors import EdgeError
from chains.registry.cosign_images import CosignImages
from chains.registry.credential import Credential
from chains.registry.oci_store import OciStore
from tests.registry.builders import NOBODY, ORIGIN, Offering, attestation, client, scripted

BODY = b'{"schemaVersion":2}'
PULLER, PUSHER, STRANGER = Credential("puller", "pw1"), Credential("pusher", "pw2"), Credential("stranger", "pw3")
PASSWORDS = {credential.username: credential.password for credential in (PULLER, PUSHER)}


@dataclass
class TokenRegistry:
    """A registry with a token service on the same host: pullers may pull, pushers may push, others may nothing."""

    expires_in: int = 300
    realm: str = "/token"
    revoked: set[str] = field(default_factory=set)
    issued: int = 0
    forms: list[dict[str, list[str]]] = field(default_factory=list)
    scopes: list[list[str]] = field(default_factory=list)

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path.startswith("/token"):
            return await self.token(request)
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind != "Bearer" or token in self.revoked:
            return self.challenge(request)
        needed = "pull" if request.method == "GET" else "push"
        if needed not in token.split("-")[1].split(","):
            return self.challenge(request, 403)
        return self.serve(request)

    def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.method == "GET":
            return web.Response(body=BODY) if request.path.endswith("/v1") else web.Response(status=404)
        if request.method == "POST":
            return web.Response(status=202, headers={"Location": "/v2/upload"})
        return web.Response(status=201)

    def challenge(self, request: web.BaseRequest, status: int = 401) -> web.Response:
        realm = self.realm if "://" in self.realm else f"http://{request.host}{self.realm}"
        header = f'Bearer realm="{realm}",service="here",scope="registry:catalog:*"'
        return web.Response(status=status, headers={"WWW-Authenticate": header})

    async def token(self, request: web.BaseRequest) -> web.StreamResponse:
        rights = "pull,push"
        if request.method == "POST":
            form = parse_qs((await request.read()).decode())
            self.forms.append(form)
            if form["refresh_token"] != ["refresh"]:
                return web.Response(status=401)
        else:
            self.scopes.append(request.query.getall("scope"))
            user, _, password = (
                base64.b64decode(request.headers.get("Authorization", "Basic ")[6:]).decode().partition(":")
            )
            if user and PASSWORDS.get(user) != password:
                return web.Response(status=401)
            rights = {"puller": "pull", "pusher": "pull,push", "": "none"}[user]
        self.issued += 1
        return web.json_response({"token": f"t{self.issued}-{rights}", "expires_in": self.expires_in})


async def test_a_token_is_fetched_with_the_credential_and_used() -> None:
    service = TokenRegistry()
    async with scripted(service) as server, client() as registry:
        assert await registry.get_manifest(server.repository(), "v1", Offering(PULLER)) is not None
    assert [path.partition("?")[0] for path in server.seen] == [
        "GET /v2/team/app/manifests/v1",
        "GET /token",
        "GET /v2/team/app/manifests/v1",
    ]
    assert service.scopes == [["repository:team/app:pull"]]
    assert server.requests[1].authorization == PULLER.basic


async def test_a_token_serves_until_shortly_before_it_ends() -> None:
    service = TokenRegistry()
    async with scripted(service) as server, client() as registry:
        keychain = Offering(PUSHER)
        for _ in range(3):
            await registry.get_manifest(server.repository(), "v1", keychain, writing=True)
            await registry.put_blob(server.repository(), b"blob", keychain)
        assert service.issued == 1
        await registry.get_manifest(server.repository("team/other"), "v1", keychain)
    assert service.issued == 2


async def test_a_refused_token_is_fetched_anew_once() -> None:
    service = TokenRegistry()
    async with scripted(service) as server, client() as registry:
        keychain = Offering(PULLER)
        await registry.get_manifest(server.repository(), "v1", keychain)
        service.revoked.add("t1-pull")
        assert await registry.get_manifest(server.repository(), "v1", keychain) is not None
    assert service.issued == 2
    assert service.scopes[1] == ["repository:team/app:pull", "registry:catalog:*"]


async def test_those_who_ask_at_once_share_one_token() -> None:
    service = TokenRegistry()
    async with scripted(service) as server, client() as registry:
        keychain = Offering(PULLER)
        asked = (registry.get_manifest(server.repository(), "v1", keychain) for _ in range(20))
        assert all(await asyncio.gather(*asked))
    assert service.issued == 1


async def test_an_identity_token_is_exchanged_by_post() -> None:
    service = TokenRegistry()
    async with scripted(service) as server, client() as registry:
        keychain = Offering(Credential(identity_token="refresh"))
        assert await registry.get_manifest(server.repository(), "v1", keychain) is not None
    assert service.forms == [
        {
            "service": ["here"],
            "scope": ["repository:team/app:pull"],
            "client_id": ["chains"],
            "grant_type": ["refresh_token"],
            "refresh_token": ["refresh"],
        }
    ]


async def test_a_registry_token_is_sent_as_it_is() -> None:
    service = TokenRegistry()
    async with scripted(service) as server, client() as registry:
        keychain = Offering(Credential(registry_token="ready-pull"))
        assert await registry.get_manifest(server.repository(), "v1", keychain) is not None
    assert service.issued == 0


async def test_the_next_credential_is_tried_when_one_is_refused() -> None:
    service = TokenRegistry()
    async with scripted(service) as server, client() as registry:
        keychain = Offering(STRANGER, PULLER, PUSHER)
        assert await registry.get_manifest(server.repository(), "v1", keychain) is not None
        await registry.put_blob(server.repository(), b"blob", keychain)
        before = len(server.requests)
        await registry.put_blob(server.repository(), b"blob", keychain)
        assert len(server.requests) == before + 2, "what was taken once is offered first"


async def test_a_keychain_that_takes_nobody_in_says_what_helps_and_no_secret() -> None:
    async with scripted(TokenRegistry()) as server, client() as registry:
        with pytest.raises(EdgeError) as raised:
            await registry.put_blob(server.repository(), b"blob", Offering(STRANGER, PULLER))
    message = str(raised.value)
    assert not raised.value.transient
    for part in (server.host, "team/app", "401", "403", "push", "secret"):
        assert part in message
    assert "pw" not in message
    assert "t1-" not in message


async def test_a_private_repository_is_not_taken_for_an_empty_one() -> None:
    async def script(request: web.BaseRequest) -> web.StreamResponse:
        if request.headers.get("Authorization") == PULLER.basic:
            return web.Response(body=BODY)
        status = 401 if request.path == "/v2/" else 404
        return web.Response(status=status, headers={"WWW-Authenticate": "Basic"} if status == 401 else {})

    async with scripted(script) as server, client() as registry:
        assert await registry.get_manifest(server.repository(), "v1", NOBODY) is None
        assert await registry.get_manifest(server.repository(), "v1", Offering(PULLER)) is not None
    assert server.seen.count("GET /v2/") == 1


async def test_a_404_to_nobody_is_not_believed_after_somebody_was_refused() -> None:
    async def script(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/v2/" or "Authorization" in request.headers:
            return web.Response(status=401, headers={"WWW-Authenticate": "Basic"})
        return web.Response(status=404)

    async with scripted(script) as server, client() as registry:
        with pytest.raises(EdgeError, match="401") as raised:
            await registry.get_manifest(server.repository(), "v1", Offering(STRANGER))
    assert not raised.value.transient


async def test_a_registry_that_serves_anybody_is_asked_once_and_never_shown_a_credential() -> None:
    async def script(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=200 if request.path == "/v2/" else 404)

    async with scripted(script) as server, client() as registry:
        keychain = Offering(PULLER)
        for _ in range(3):
            assert await registry.get_manifest(server.repository(), "v1", keychain) is None
    assert server.seen.count("GET /v2/") == 1
    assert keychain.asked == 1
    assert not any(request.authorization for request in server.requests)


async def test_an_open_registry_that_closes_is_noticed() -> None:
    service = TokenRegistry()
    open_to_all = True

    async def script(request: web.BaseRequest) -> web.StreamResponse:
        return service.serve(request) if open_to_all else await service(request)

    async with scripted(script) as server, client() as registry:
        await registry.put_blob(server.repository(), b"blob", Offering(PUSHER))
        open_to_all = False
        await registry.put_blob(server.repository(), b"blob", Offering(PUSHER))
    assert service.issued == 1


async def test_a_registry_that_asks_for_nothing_any_more_is_noticed() -> None:
    service = TokenRegistry()
    open_to_all = False

    async def script(request: web.BaseRequest) -> web.StreamResponse:
        if not open_to_all:
            return await service(request)
        return web.Response(status=404) if request.path == "/token" else service.serve(request)

    async with scripted(script) as server, client() as registry:
        await registry.get_manifest(server.repository(), "v1", Offering(PULLER))
        open_to_all = True
        with pytest.raises(EdgeError, match="token service"):
            await registry.get_manifest(server.repository("team/other"), "v1", Offering(PULLER))
        assert await registry.get_manifest(server.repository("team/other"), "v1", Offering(PULLER)) is not None


async def test_a_changed_way_of_asking_is_noticed_at_once() -> None:
    service = TokenRegistry()
    basic = False

    async def script(request: web.BaseRequest) -> web.StreamResponse:
        if not basic:
            return await service(request)
        if request.headers.get("Authorization") != PULLER.basic:
            return web.Response(status=401, headers={"WWW-Authenticate": "Basic"})
        return service.serve(request)

    async with scripted(script) as server, client() as registry:
        keychain = Offering(PULLER)
        await registry.get_manifest(server.repository(), "v1", keychain)
        basic = True
        assert await registry.get_manifest(server.repository(), "v1", keychain) is not None


@pytest.mark.parametrize("gate", [Passwords, Tokens])
async def test_the_store_gets_in_everywhere_and_asks_the_keychain_once(gate: type[Passwords] | type[Tokens]) -> None:
    accounts = {"pusher": Account("pw2", {"team/*": {"pull", "push"}}), "puller": Account("pw1", {"*": {"pull"}})}
    async with RegistryServer(gate=gate(accounts)) as server, client() as registry:
        keychain = Offering(STRANGER, PULLER, PUSHER)
        store = OciStore(registry, lambda _: keychain)
        image = server.push_image("team/app", "a")
        await store.put(attestation(image), ORIGIN)
        asked = keychain.asked
        await store.put(attestation(image, key="more"), ORIGIN)
        assert keychain.asked == asked
        assert len(await CosignImages(registry, keychain).attestations(image)) == 2


async def test_a_challenge_nobody_knows_is_a_lasting_refusal() -> None:
    async def script(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=401, headers={"WWW-Authenticate": "Negotiate"})

    async with scripted(script) as server, client() as registry:
        with pytest.raises(EdgeError, match="challenge") as raised:
            await registry.get_manifest(server.repository(), "v1", Offering(PULLER))
    assert not raised.value.transient


@pytest.mark.parametrize(
    ("realm", "why"),
    [
        ("http://registry.example.com/token", "not TLS"),
        ("https://169.254.169.254/token", "no connection is made"),
        ("https://metadata.google.internal/token", "no connection is made"),
        ("file:///etc/passwd", "no usable"),
        ("https://user:pw@example.com/token", "no usable"),
    ],
)
async def test_a_realm_that_must_not_be_asked_is_not(realm: str, why: str) -> None:
    async def script(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=401, headers={"WWW-Authenticate": f'Bearer realm="{realm}"'})

    async with scripted(script) as server, client() as registry:
        with pytest.raises(EdgeError, match=why) as raised:
            await registry.get_manifest(server.repository(), "v1", Offering(PULLER))
    assert not raised.value.transient


@pytest.mark.parametrize(
    ("status", "body", "transient"),
    [
        (503, b"", True),
        (429, b"", True),
        (200, b"<html>", True),
        (200, b"{}", True),
        (200, json.dumps({"token": "a\nb"}).encode(), True),
        (400, b"", False),
        (302, b"", False),
    ],
)
async def test_a_token_service_that_fails_is_told_from_one_that_refuses(
    status: int, body: bytes, transient: bool
) -> None:
    service = TokenRegistry()

    async def script(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/token":
            return web.Response(status=status, body=body, headers={"Retry-After": "3"})
        return await service(request)

    async with scripted(script) as server, client() as registry:
        with pytest.raises(EdgeError) as raised:
            await registry.get_manifest(server.repository(), "v1", Offering(PULLER))
    assert raised.value.transient is transient
    assert raised.value.retry_after == (3 if status in (503, 429) else None)


async def test_a_registry_that_repeats_a_secret_is_not_quoted() -> None:
    async def script(request: web.BaseRequest) -> web.StreamResponse:
        if "Authorization" not in request.headers:
            return web.Response(status=401, headers={"WWW-Authenticate": "Basic"})
        said = {"errors": [{"code": "DENIED", "message": f"no: {request.headers['Authorization']} hunter2"}]}
        return web.json_response(said, status=403 if request.method == "GET" else 400)

    async with scripted(script) as server, client() as registry:
        keychain = Offering(Credential("user", "hunter2"))
        for call in (
            registry.get_manifest(server.repository(), "v1", keychain),
            registry.put_manifest(server.repository(), "v1", BODY, "text/plain", keychain),
        ):
            with pytest.raises(EdgeError) as raised:
                await call
            assert "hunter2" not in str(raised.value)
            assert "Basic" not in str(raised.value)
