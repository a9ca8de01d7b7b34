"""TLS and proxies on the way to the API."""

import socket

import pytest

from chains.errors import EdgeError, InputError
from chains.kube.transport import Endpoint, session, tls_context
from tests.kube.builders import ScriptedApi, connect, found, served, streamed, write_kubeconfig
from tests.kube.certificates import Authority

PATH = "/version"


def api():
    return ScriptedApi().on("GET", PATH, found({"major": "1"}))


async def version(folder, cluster, user=None, environ=None):
    client = await connect(str(write_kubeconfig(folder, cluster, user or {"token": "x"})), environ)
    try:
        return await client.get(PATH)
    finally:
        await client.close()


async def test_a_server_of_the_clusters_authority_is_trusted(tmp_path):
    authority = Authority.create(tmp_path)
    async with served(api(), authority.server()) as script:
        cluster = {"server": script.host, "certificate-authority": str(authority.file)}
        assert await version(tmp_path, cluster) == b'{"major": "1"}'


async def test_a_server_of_another_authority_is_not(tmp_path):
    (tmp_path / "other").mkdir()
    other = Authority.create(tmp_path / "other")
    async with served(api(), Authority.create(tmp_path).server()) as script:
        with pytest.raises(EdgeError, match="certificate verify failed") as caught:
            await version(tmp_path, {"server": script.host, "certificate-authority": str(other.file)})
    assert caught.value.transient
    assert "SSLContext" not in str(caught.value)
    assert script.asked == []


async def test_skipping_the_check_is_possible_only_by_saying_so(tmp_path):
    async with served(api(), Authority.create(tmp_path).server()) as script:
        assert await version(tmp_path, {"server": script.host, "insecure-skip-tls-verify": True})
        with pytest.raises(EdgeError, match="certificate verify failed"):
            await version(tmp_path, {"server": script.host})


async def test_a_servers_name_can_differ_from_its_address(tmp_path):
    authority = Authority.create(tmp_path)
    async with served(api(), authority.server(name="kubernetes.default")) as script:
        cluster = {"server": script.host, "certificate-authority": str(authority.file)}
        assert await version(tmp_path, cluster | {"tls-server-name": "kubernetes.default"})
        with pytest.raises(EdgeError, match="certificate verify failed"):
            await version(tmp_path, cluster)


async def test_a_client_certificate_is_shown(tmp_path):
    authority = Authority.create(tmp_path)
    mine = authority.issue("me")
    async with served(api(), authority.server(client_certificates=True)) as script:
        cluster = {"server": script.host, "certificate-authority": str(authority.file)}
        user = {"client-certificate": str(mine.certificate), "client-key": str(mine.key)}
        assert await version(tmp_path, cluster, user)
        assert "authorization" not in script.asked[0].headers
        with pytest.raises(EdgeError):
            await version(tmp_path, cluster)


async def test_a_certificate_file_without_a_certificate_is_named(tmp_path):
    (tmp_path / "ca.crt").write_text("not a certificate")
    cluster = {"server": "https://127.0.0.1:1", "certificate-authority": str(tmp_path / "ca.crt")}
    with pytest.raises(InputError, match=r"the certificates for https://127.0.0.1:1 .*ca.crt.* cannot be used"):
        await version(tmp_path, cluster)


async def test_a_kubeconfigs_proxy_carries_the_requests(tmp_path):
    async with served(api()) as proxy:
        assert await version(tmp_path, {"server": "http://cluster.invalid", "proxy-url": proxy.host})
    assert proxy.asked[0].headers["host"] == "cluster.invalid"


async def test_the_environments_proxy_carries_the_requests(tmp_path):
    async with served(api()) as proxy:
        assert await version(tmp_path, {"server": "http://cluster.invalid"}, environ={"HTTP_PROXY": proxy.host})
    assert proxy.asked[0].headers["host"] == "cluster.invalid"


async def test_a_proxy_that_wants_a_password_does_not_make_us_tell_it(tmp_path):
    refusing = ScriptedApi()
    async with served(refusing) as proxy:
        address = proxy.host.replace("http://", "http://me:secret@")
        with pytest.raises(EdgeError) as caught:
            await version(tmp_path, {"server": "https://cluster.invalid", "proxy-url": address})
    assert caught.value.transient
    assert "secret" not in str(caught.value)


async def test_a_socks_proxy_is_refused(tmp_path):
    with pytest.raises(InputError, match="neither http nor https"):
        await version(tmp_path, {"server": "http://cluster.invalid", "proxy-url": "socks5://127.0.0.1:1080"})


async def test_the_silent_death_of_a_peer_is_noticed_on_every_connection():
    script = ScriptedApi().on("GET", PATH, streamed(b"x", end="open"))
    async with (
        served(script),
        session(tls_context(Endpoint(script.host)), lambda: None) as opened,
        opened.get(script.host + PATH) as response,
    ):
        assert response.connection is not None
        assert response.connection.transport is not None
        used = response.connection.transport.get_extra_info("socket")
        assert used.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert used.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 30
