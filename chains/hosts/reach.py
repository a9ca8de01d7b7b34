"""What every request outside goes by: the way there, leave to go, whom to tell, and which hosts are left alone."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Self

from chains.hosts.breaker import Breaker
from chains.hosts.proxies import Proxies

_POD = re.compile(r"[A-Za-z0-9.-]{1,253}", re.ASCII)
# What is told of each request that failed: the system, its host and the status, None when no answer came.
Observe = Callable[[str, str, int | None], None]


def unobserved(_system: str, _host: str, _status: int | None) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How hosts are reached: one value for all of a process, so that they are left alone for all who ask.

    `permit` is called right before each write goes out, and raises EdgeError to keep it from that; `agent` is who asks.
    """

    proxies: Proxies = field(default_factory=Proxies)
    observe: Observe = unobserved
    permit: Callable[[], None] = lambda: None
    breaker: Breaker = field(default_factory=Breaker)
    agent: str = "chains"

    @classmethod
    def from_environment(
        cls,
        env: Mapping[str, str],
        observe: Observe = unobserved,
        permit: Callable[[], None] = lambda: None,
        breaker: Breaker | None = None,
    ) -> Self:
        """Read the proxies, and which replica this is; raise InputError for a proxy that cannot be used.

        No host is left alone for failing, unless a `breaker` is given, as by a service: what a command asks for once
        must not hang on how it fared with something else.
        """
        pod = env.get("POD_NAME", "")
        agent = f"chains ({pod})" if _POD.fullmatch(pod) else "chains"
        return cls(Proxies.from_environment(env), observe, permit, breaker or Breaker(hosts=0), agent)
