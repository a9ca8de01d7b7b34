"""Which proxy a request goes through, as HTTP_PROXY, HTTPS_PROXY and NO_PROXY say in Go's reading of them."""

import ipaddress
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from yarl import URL

from chains.errors import InputError
from chains.hosts.addresses import is_loopback, literal_address


@dataclass(frozen=True, slots=True)
class Proxies:
    """The proxies for each scheme and the hosts that need none; user and password may be part of a proxy's URL."""

    http: URL | None = None
    https: URL | None = None
    exempt: tuple[str, ...] = ()

    @classmethod
    def from_environment(cls, env: Mapping[str, str]) -> Self:
        """Read the variables, upper case first; raise InputError for a proxy that cannot be used."""
        exempt = _variable(env, "NO_PROXY").lower().split(",")
        return cls(
            _proxy(env, "HTTP_PROXY"),
            _proxy(env, "HTTPS_PROXY"),
            tuple(filter(None, (rule.strip() for rule in exempt))),
        )

    def for_url(self, url: URL) -> URL | None:
        """Return the proxy for a request to `url`; loopback hosts never have one."""
        proxy = self.https if url.scheme == "https" else self.http
        host = (url.host or "").rstrip(".").lower()
        if proxy is None or is_loopback(host) or any(_covers(rule, host, url.port) for rule in self.exempt):
            return None
        return proxy


def _variable(env: Mapping[str, str], name: str) -> str:
    return env.get(name) or env.get(name.lower()) or ""


def _proxy(env: Mapping[str, str], name: str) -> URL | None:
    text = _variable(env, name).strip()
    if not text:
        return None
    try:
        url = URL(text if "://" in text else f"http://{text}")
    except ValueError:
        url = URL()
    if url.scheme not in ("http", "https") or not url.host:
        # The value may hold a password, so it is not repeated.
        raise InputError(f"the environment's {name} is not the http or https URL of a proxy")
    return url


def _covers(rule: str, host: str, port: int | None) -> bool:
    if rule == "*":
        return True
    with suppress(ValueError):
        return ipaddress.ip_address(host) in ipaddress.ip_network(rule, strict=False)
    name, colon, wanted = rule.rpartition(":")
    if colon and wanted.isdigit() and not name.endswith(":"):
        if port != int(wanted):
            return False
        rule = name.strip("[]")
    rule = rule.rstrip(".")
    if host == rule.strip("[]"):
        return True
    # Numbers have no subdomains.
    return literal_address(host) is None and host.endswith(f".{rule.removeprefix('*').removeprefix('.')}")
