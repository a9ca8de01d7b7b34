"""The proxy that the environment names for one host, read once."""

import ipaddress
from collections.abc import Mapping


def environment_proxy(scheme: str, host: str, environ: Mapping[str, str]) -> str | None:
    """Return HTTPS_PROXY or HTTP_PROXY, whichever fits the scheme (either case), unless NO_PROXY has the host.

    NO_PROXY holds `*`, names (they cover what ends in them), addresses and CIDR ranges, as Go programs read it; like
    them, this machine itself is never asked for through a proxy.
    """
    variable = f"{scheme}_proxy"
    proxy = environ.get(variable) or environ.get(variable.upper())
    if not proxy or _is_this_machine(host.lower()):
        return None
    exempt = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    if any(_covers(rule.strip().lower(), host.lower()) for rule in exempt.split(",")):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _covers(rule: str, host: str) -> bool:
    if rule in ("", "*"):
        return rule == "*"
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(rule, strict=False)
    except ValueError:
        name = rule.removeprefix("*").removeprefix(".")
        return host == name or host.endswith(f".{name}")
