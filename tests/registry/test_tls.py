"""TLS: whom the client trusts, and when it does without."""

import datetime
import ipaddress
import ssl
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from yarl import URL

from chains.artifacts.reference import Repository
from chains.errors import EdgeError, InputError
from chains.hosts.reach import Reach
from chains.hosts.transport import Transport
from chains.registry.client import RegistryClient
from chains.registry.limits import Limits
from chains.registry.refusals import REGISTRY
from tests.registry.builders import NOBODY, client, scripted


async def absent(_: web.BaseRequest) -> web.StreamResponse:
    return web.Response(status=404)


def authority(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Make a certificate for 127.0.0.1 that is its own authority; return its file and a server's context."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a test's registry")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    ca_file, key_file = folder / "ca.pem", folder / "key.pem"
    ca_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, *private))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ca_file, key_file)
    return ca_file, context


async def test_a_registrys_own_authority_is_trusted(tmp_path: Path) -> None:
    ca_file, context = authority(tmp_path)
    async with scripted(absent, context) as server:
        for key in (server.host, "127.0.0.1"):
            async with client(ca_files={key: ca_file}) as registry:
                assert await registry.get_manifest(server.repository(), "v1", NOBODY) is None


async def test_the_authority_of_one_registry_is_not_trusted_for_another(tmp_path: Path) -> None:
    ca_file, context = authority(tmp_path)
    async with scripted(absent, context) as server, client(ca_files={"registry.example.com": ca_file}) as registry:
        with pytest.raises(EdgeError, match=r"certificate .* ca file") as raised:
            await registry.get_manifest(server.repository(), "v1", NOBODY)
    assert not raised.value.transient
    assert server.requests == []


async def test_an_insecure_client_takes_any_certificate(tmp_path: Path) -> None:
    _, context = authority(tmp_path)
    async with scripted(absent, context) as server, client(insecure=True) as registry:
        assert await registry.get_manifest(server.repository(), "v1", NOBODY) is None


async def test_a_ca_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    async with client(ca_files={"127.0.0.1:1": file}) as registry:
        with pytest.raises(InputError, match=r"ca\.pem"):
            await registry.get_manifest(Repository("127.0.0.1:1", "a/b"), "v1", NOBODY)
        file.write_text("no certificate")
        with pytest.raises(InputError, match=r"ca\.pem"):
            await registry.get_manifest(Repository("127.0.0.1:1", "a/b"), "v1", NOBODY)


async def test_a_server_without_tls_is_told_apart_and_the_setting_named() -> None:
    transport = Transport(REGISTRY, Reach(), Limits())
    async with scripted(absent) as server:
        with pytest.raises(EdgeError, match=r"does not speak TLS.*insecure") as raised:
            await transport.send("GET", URL(f"https://{server.host}/v2/"), headers={}, most=10)
        await transport.close()
    assert not raised.value.transient


async def test_a_registry_elsewhere_is_never_asked_in_the_clear() -> None:
    async with scripted(absent) as proxy:
        env = {"HTTP_PROXY": f"http://{proxy.host}", "HTTPS_PROXY": f"http://{proxy.host}"}
        async with RegistryClient(Reach.from_environment(env)) as registry:
            for host in ("registry.example.com", "10.0.0.1:5000", "192.168.1.1", "registry.local"):
                with pytest.raises(EdgeError, match="proxy"):
                    await registry.get_manifest(Repository(host, "a/b"), "v1", NOBODY)
    assert {request.method for request in proxy.requests} == {"CONNECT"}
