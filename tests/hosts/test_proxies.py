"""HTTP_PROXY, HTTPS_PROXY and NO_PROXY."""

import pytest
from aiohttp import web
from yarl import URL

from chains.artifacts.reference import Repository
from chains.errors import InputError
from chains.hosts.proxies import Proxies
from chains.hosts.reach import Reach
from chains.registry.client import RegistryClient
from tests.registry.builders import NOBODY, scripted

PROXY = {"HTTPS_PROXY": "http://relay.example.com:3128"}


@pytest.mark.parametrize(
    ("exempt", "url", "proxied"),
    [
        ("", "https://registry.example.com/v2/", True),
        ("", "http://registry.example.com/v2/", False),
        ("*", "https://registry.example.com/v2/", False),
        ("example.com", "https://registry.example.com/v2/", False),
        ("example.com", "https://example.com/v2/", False),
        ("example.com", "https://badexample.com/v2/", True),
        (".example.com", "https://example.com/v2/", True),
        (".example.com, other", "https://registry.example.com/v2/", False),
        ("*.example.com", "https://registry.example.com/v2/", False),
        ("REGISTRY.example.com:5000", "https://registry.example.com:5000/v2/", False),
        ("registry.example.com:5000", "https://registry.example.com/v2/", True),
        ("10.0.0.0/8", "https://10.1.2.3/v2/", False),
        ("10.0.0.1", "https://10.0.0.1:5000/v2/", False),
        ("10.0.0.1", "https://10.0.0.2/v2/", True),
        ("2.3", "https://10.1.2.3/v2/", True),
        (".3", "https://10.1.2.3/v2/", True),
        ("10.1.2.3:5000", "https://10.1.2.3:5000/v2/", False),
        ("example.com.", "https://example.com/v2/", False),
        ("example.com.", "https://registry.example.com./v2/", False),
        (".example.com.", "https://registry.example.com/v2/", False),
        ("example.com.:5000", "https://registry.example.com:5000/v2/", False),
        ("fd00::/8", "https://[fd12::1]:5000/v2/", False),
        ("", "https://localhost:5000/v2/", False),
        ("", "https://127.0.0.1/v2/", False),
        ("", "https://[::1]/v2/", False),
        ("10.0.0.0/8", "https://10.96.0.1", False),
        ("11.0.0.0/8,.svc", "https://10.96.0.1", True),
        ("api.EXAMPLE.com", "https://API.example.com", False),
        (" other, * ", "https://api.example.com", False),
    ],
)
def test_no_proxy_is_obeyed(exempt: str, url: str, proxied: bool) -> None:
    proxies = Proxies.from_environment({**PROXY, "NO_PROXY": exempt})
    assert (proxies.for_url(URL(url)) is not None) is proxied


def test_lower_case_and_bare_hosts_are_read() -> None:
    proxies = Proxies.from_environment({"http_proxy": "proxy:3128", "no_proxy": "a.example.com"})
    assert proxies.for_url(URL("http://b.example.com/")) == URL("http://proxy:3128")
    assert proxies.for_url(URL("http://a.example.com/")) is None


@pytest.mark.parametrize("value", ["socks5://user:hunter2@proxy:1080", "http://", "http://user:hunter2@proxy:99999999"])
def test_a_proxy_that_cannot_be_used_is_refused_without_its_password(value: str) -> None:
    with pytest.raises(InputError, match="HTTPS_PROXY") as raised:
        Proxies.from_environment({"HTTPS_PROXY": value})
    assert "hunter2" not in str(raised.value)


async def test_requests_go_through_the_proxy() -> None:
    async def proxy(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=404)

    async with scripted(proxy) as server:
        env = {"HTTP_PROXY": f"http://{server.host}", "HTTPS_PROXY": f"http://{server.host}"}
        async with RegistryClient(Reach.from_environment(env), insecure=True) as client:
            # CONNECT is refused, so plain HTTP is tried, through the proxy too.
            assert await client.get_manifest(Repository("registry.invalid", "a/b"), "v1", NOBODY) is None
    assert server.requests[-1].host == "registry.invalid"
