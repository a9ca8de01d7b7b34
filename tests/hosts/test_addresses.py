"""The guard: link-local, metadata, unspecified and multicast addresses are never connected to."""

import ipaddress
import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from chains.artifacts.reference import Repository
from chains.errors import EdgeError
from chains.hosts.addresses import AddressGuard, GuardedResolver, is_loopback
from tests.registry.builders import NOBODY, client

REFUSED = [
    "169.254.169.254",
    "169.254.0.1",
    "0.0.0.0",
    "0.1.2.3",
    "224.0.0.1",
    "239.255.255.255",
    "255.255.255.255",
    "100.100.100.200",
    "168.63.129.16",
    "[::]",
    "::",
    "[fe80::1]",
    "fe80::1%eth0",
    "[ff02::1]",
    "[fd00:ec2::254]",
    "[::ffff:169.254.169.254]",
    "[64:ff9b::a9fe:a9fe]",
    "[2002:a9fe:a9fe::1]",
    "[::a9fe:a9fe]",
    "[::ffff:0:169.254.169.254]",
    "[64:ff9b:1:a9fe:a9:fe00::]",
    "[64:ff9b:1:12a9:fe:a9fe::]",
    "[64:ff9b:1:1234:a9:fea9:fe00:0]",
    "[64:ff9b:1::a9fe:a9fe]",
    "[64:ff9b:1:2:3:4:169.254.169.254]",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "169.254.43518",
    "169.254.169.254.",
    "metadata.google.internal",
    "METADATA.google.internal.",
    "metadata",
    "instance-data.ec2.internal",
]
ALLOWED = ["127.0.0.1", "[::1]", "10.0.0.5", "192.168.1.2", "[fd12::1]", "8.8.8.8", "registry.example.com", "localhost"]
# 10.1.2.3 behind each kind of translator.
ALLOWED += ["[::ffff:0:10.1.2.3]", "[64:ff9b::10.1.2.3]", "[64:ff9b:1::10.1.2.3]", "[64:ff9b:1:a01:2:300::]"]


class Answering(AbstractResolver):
    """A resolver that knows one answer."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in self._addresses
        ]

    async def close(self) -> None:
        return None


@pytest.mark.parametrize("host", REFUSED)
def test_a_refused_host_is_named_in_the_refusal(host: str) -> None:
    with pytest.raises(EdgeError, match="refused") as raised:
        AddressGuard().check_host(host)
    assert not raised.value.transient


@pytest.mark.parametrize("host", ALLOWED)
def test_private_and_loopback_hosts_pass(host: str) -> None:
    AddressGuard().check_host(host)


@pytest.mark.parametrize("addresses", [("169.254.169.254",), ("10.0.0.1", "169.254.169.254"), ("fe80::1%2",)])
async def test_a_name_that_stands_for_a_refused_address_is_refused(addresses: tuple[str, ...]) -> None:
    resolver = GuardedResolver(AddressGuard(), Answering(*addresses))
    with pytest.raises(EdgeError, match=r"innocent\.example\.com"):
        await resolver.resolve("innocent.example.com", 443)


async def test_a_name_is_connected_to_at_the_address_that_was_checked() -> None:
    resolver = GuardedResolver(AddressGuard(), Answering("10.0.0.1"))
    assert [one["host"] for one in await resolver.resolve("registry.example.com", 443)] == ["10.0.0.1"]


def test_a_policy_can_be_widened() -> None:
    wide = AddressGuard(networks=[ipaddress.ip_network("224.0.0.0/4")], names=[])
    wide.check_host("169.254.169.254")
    with pytest.raises(EdgeError):
        wide.check_host("224.0.0.1")


@pytest.mark.parametrize("registry", ["169.254.169.254", "[fe80::1]:5000", "metadata.google.internal", "0.0.0.0:5000"])
async def test_the_client_makes_no_connection_to_a_refused_registry(registry: str) -> None:
    async with client(insecure=True) as registry_client:
        with pytest.raises(EdgeError, match="no connection is made"):
            await registry_client.get_manifest(Repository(registry, "a/b"), "v1", NOBODY)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("a.localhost", True),
        ("127.9.9.9", True),
        ("[::1]", True),
        ("::1", True),
        ("10.0.0.1", False),
        ("localhost.example.com", False),
        ("127.0.0.1.example.com", False),
    ],
)
def test_loopback_hosts_are_known(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
