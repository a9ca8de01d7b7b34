"""Which hosts and addresses may be connected to: never link-local, metadata, unspecified or multicast ones."""

import ipaddress
import socket
from collections.abc import Iterable
from functools import lru_cache

from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from chains.artifacts.reference import shown
from chains.errors import EdgeError, InputError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Link-local, this host, multicast, broadcast; then the metadata services that live elsewhere:
# Alibaba, Oracle, Azure's wire server, AWS and Google over IPv6.
REFUSED_NETWORKS: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "169.254.0.0/16",
        "fe80::/10",
        "0.0.0.0/8",
        "::/128",
        "224.0.0.0/4",
        "ff00::/8",
        "255.255.255.255/32",
        "100.100.100.200/32",
        "192.0.0.192/32",
        "168.63.129.16/32",
        "fd00:ec2::/32",
        "fd20:ce::/32",
    )
)
REFUSED_NAMES = frozenset(
    {"metadata", "metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal"}
)
# NAT64, SIIT and IPv4-compatible: the last four octets are the IPv4 address.
_TRANSLATED = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "::ffff:0:0:0/96", "::/96")))
# NAT64 of a network's own: an operator chooses where in it the IPv4 address is (RFC 8215, RFC 6052).
_TRANSLATED_LOCALLY = ipaddress.IPv6Network("64:ff9b:1::/48")
_LOOPBACK_6 = ipaddress.IPv6Address("::1")


def authority(url: URL) -> str:
    """Return `host[:port]` as the URL has it."""
    return url.raw_authority.rpartition("@")[2]


@lru_cache(maxsize=1024)
def is_loopback(host: str) -> bool:
    """Whether a host (no port) is this machine: localhost, *.localhost, 127.0.0.0/8 or ::1."""
    name = host.strip("[]").rstrip(".").lower()
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def secure_url(address: str) -> URL:
    """Read an https address, or one of http on this machine; raise InputError for any other."""
    try:
        url = URL(address)
    except ValueError as error:
        raise InputError(f"{shown(address)} is no usable address: {error}") from error
    if url.scheme != "https" and not (url.scheme == "http" and is_loopback(url.host or "")):
        raise InputError(f"{shown(address)}: use https, as anybody on the way could swap what comes over {url.scheme}")
    return url


@lru_cache(maxsize=1024)
def literal_address(host: str) -> Address | None:
    """Return the address a host is written as, also in C's shorter forms (127.1, 0x7f000001), or None for a name."""
    text = host.strip("[]").rstrip(".").partition("%")[0]
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(text)) if text.isascii() else None
    except OSError:
        return None


class AddressGuard:
    """Refuses hosts by name and by address; what it lets pass is what gets connected to."""

    def __init__(self, networks: Iterable[Network] = REFUSED_NETWORKS, names: Iterable[str] = REFUSED_NAMES) -> None:
        self._networks = tuple(networks)
        self._names = frozenset(names)

    def check_host(self, host: str) -> None:
        """Raise EdgeError for a refused name, or an IP literal of a refused network."""
        if host.strip("[]").rstrip(".").lower() in self._names:
            raise _refused(host, "a cloud's metadata service")
        address = literal_address(host)
        if address is not None:
            self.check_address(address, host)

    def check_address(self, address: Address, host: str) -> None:
        """Raise EdgeError when the address that `host` stands for is in a refused network."""
        for meant in _meanings(address):
            if any(meant in network for network in self._networks):
                raise _refused(host, f"the address {address}")


class GuardedResolver(AbstractResolver):
    """Resolves a name once; every address it stands for must pass the guard, and one of these is connected to."""

    def __init__(self, guard: AddressGuard, inner: AbstractResolver | None = None) -> None:
        self._guard = guard
        self._inner = inner or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a name; raise EdgeError when one of them is refused."""
        found = await self._inner.resolve(host, port, family)
        for one in found:
            self._guard.check_address(ipaddress.ip_address(one["host"].partition("%")[0]), host)
        return found

    async def close(self) -> None:
        """Close the resolver beneath."""
        await self._inner.close()


def _meanings(address: Address) -> list[Address]:
    """Return the address and the IPv4 address carried inside it: mapped, translated, 6to4 or compatible."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and address != _LOOPBACK_6 and any(address in network for network in _TRANSLATED):
        inner = ipaddress.IPv4Address(address.packed[12:])
    if inner is not None:
        return [address, inner]
    return [address, *_local_meanings(address)] if address in _TRANSLATED_LOCALLY else [address]


def _local_meanings(address: ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """Return the IPv4 addresses it may carry behind a prefix of 48, 56, 64 or 96 bits; octet 8 is always skipped."""
    octets = address.packed[:8] + address.packed[9:]
    found = (octets[start : start + 4] for start in (6, 7, 8, 11))
    # A leading zero is what surrounds an address: nothing is reached at 0.0.0.0/8 over a translator.
    return [ipaddress.IPv4Address(four) for four in found if four[0]]


def _refused(host: str, what: str) -> EdgeError:
    return EdgeError(
        f"no connection is made to {shown(host)}, as it stands for {what}: link-local, metadata, unspecified and "
        "multicast addresses are refused",
        transient=False,
    )
