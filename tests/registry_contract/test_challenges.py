"""How a registry asks who is there, the same in every registry."""

import datetime
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from chains.demo.registry.access import Account, Passwords
from chains.demo.registry.behaviour import DISTRIBUTION_2_8
from chains.demo.registry.server import RegistryServer
from chains.demo.registry.tokens import Tokens
from tests.peers.docker_registry import docker_registry, passwords
from tests.registry_contract.builders import basic, client, sha256
from tests.registry_contract.conftest import REAL

REALM, SERVICE = "http://127.0.0.1:9/token", "registry.example"
SOME = sha256(b"some")


@pytest_asyncio.fixture(params=["embedded", REAL])
async def password_address(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    if request.param == "embedded":
        async with RegistryServer(DISTRIBUTION_2_8, gate=Passwords({"ci": Account("pw")}, realm="here")) as registry:
            yield registry.address
        return
    async with docker_registry(tmp_path, auth=passwords(tmp_path)) as address:
        yield address


@pytest_asyncio.fixture(params=["embedded", REAL])
async def token_address(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    if request.param == "embedded":
        gate = Tokens({"ci": Account("pw")}, realm=REALM, service=SERVICE)
        async with RegistryServer(DISTRIBUTION_2_8, gate=gate) as registry:
            yield registry.address
        return
    auth = {"realm": REALM, "service": SERVICE, "issuer": "tests", "rootcertbundle": str(_certificate(tmp_path))}
    async with docker_registry(tmp_path, auth={"token": auth}) as address:
        yield address


def _certificate(folder: Path) -> Path:
    """Write the certificate of an issuer whose tokens nobody has."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = folder / "issuer.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return path


def _parameters(challenge: str) -> dict[str, str]:
    return dict(re.findall(r'(\w+)="([^"]*)"', challenge))


def _in_order(scope: str) -> str:
    """Sort the actions, whose order docker-registry leaves to chance."""
    name, _, actions = scope.rpartition(":")
    return f"{name}:{','.join(sorted(actions.split(',')))}"


@pytest.mark.parametrize("login", [None, ("ci", "wrong"), ("other", "pw"), "Bearer token", "Basic !!", "junk"])
async def test_who_is_not_known_is_asked_for_a_password(
    password_address: str, login: tuple[str, str] | str | None
) -> None:
    value = basic(*login) if isinstance(login, tuple) else login
    async with client(password_address) as registry:
        answer = await registry.send("GET", "/v2/", headers={"Authorization": value} if value else {})
        assert (answer.status, answer.codes) == (401, ["UNAUTHORIZED"])
        assert answer.headers["WWW-Authenticate"] == 'Basic realm="here"'
        assert (
            answer.body == b'{"errors":[{"code":"UNAUTHORIZED","message":"authentication required","detail":null}]}\n'
        )


async def test_who_is_known_comes_in(password_address: str) -> None:
    headers = {"Authorization": basic("ci", "pw")}
    async with client(password_address) as registry:
        assert (await registry.send("GET", "/v2/", headers=headers)).status == 200
        assert (await registry.send("POST", "/v2/team/app/blobs/uploads/", headers=headers)).status == 202


@pytest.mark.parametrize(
    ("method", "path", "scopes"),
    [
        ("GET", "/v2/", set()),
        ("GET", "/v2/team/app/tags/list", {"repository:team/app:pull"}),
        ("HEAD", "/v2/team/app/manifests/v1", {"repository:team/app:pull"}),
        ("PUT", "/v2/team/app/manifests/v1", {"repository:team/app:pull,push"}),
        ("POST", "/v2/team/app/blobs/uploads/", {"repository:team/app:pull,push"}),
        ("PATCH", "/v2/team/app/blobs/uploads/x", {"repository:team/app:pull,push"}),
        ("GET", "/v2/team/app/blobs/uploads/x", {"repository:team/app:pull"}),
        ("DELETE", f"/v2/team/app/blobs/{SOME}", {"repository:team/app:delete"}),
        ("DELETE", "/v2/team/app/manifests/v1", {"repository:team/app:delete"}),
        ("GET", "/v2/_catalog", {"registry:catalog:*"}),
        (
            "POST",
            f"/v2/team/app/blobs/uploads/?mount={SOME}&from=team/base",
            {"repository:team/app:pull,push", "repository:team/base:pull"},
        ),
    ],
)
async def test_a_challenge_names_what_the_request_needs(
    token_address: str, method: str, path: str, scopes: set[str]
) -> None:
    async with client(token_address) as registry:
        answer = await registry.send(method, path)
        assert answer.status == 401
        challenge = answer.headers["WWW-Authenticate"]
        assert challenge.startswith("Bearer ")
        parameters = _parameters(challenge)
        assert (parameters["realm"], parameters["service"]) == (REALM, SERVICE)
        assert {_in_order(scope) for scope in parameters.get("scope", "").split()} == scopes
        assert "error" not in parameters


@pytest.mark.parametrize("token", ["x", "a.b.c"])
async def test_a_token_that_is_none_is_invalid(token_address: str, token: str) -> None:
    async with client(token_address) as registry:
        answer = await registry.send("GET", "/v2/", headers={"Authorization": f"Bearer {token}"})
        assert (answer.status, answer.codes) == (401, ["UNAUTHORIZED"])
        assert _parameters(answer.headers["WWW-Authenticate"])["error"] == "invalid_token"


async def test_a_password_is_no_token(token_address: str) -> None:
    headers = {"Authorization": basic("ci", "pw")}
    async with client(token_address) as registry:
        answer = await registry.send("GET", "/v2/", headers=headers)
        assert (answer.status, "error" in _parameters(answer.headers["WWW-Authenticate"])) == (401, False)


@pytest.mark.parametrize("path", ["/v2/UPPER/tags/list", f"/v2/team/app/referrers/{SOME}", "/v2/team/app/manifests/.x"])
async def test_a_path_that_leads_nowhere_is_not_guarded(token_address: str, path: str) -> None:
    async with client(token_address) as registry:
        assert (await registry.send("GET", path)).status == 404
