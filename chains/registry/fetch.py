"""One small text over HTTPS, such as a public key that is published."""

from collections.abc import Mapping

from chains.artifacts.reference import shown
from chains.errors import EdgeError
from chains.hosts.addresses import secure_url
from chains.hosts.reach import Reach
from chains.hosts.transport import Transport
from chains.registry.limits import Limits
from chains.registry.locations import REDIRECTS, location
from chains.registry.refusals import REGISTRY

LARGEST = 64 * 1024


async def fetch_text(address: str, env: Mapping[str, str], limits: Limits | None = None) -> bytes:
    """Return what is published under an https address (http on this machine alone); raise InputError or EdgeError."""
    limits = limits or Limits()
    url = secure_url(address)
    transport = Transport(REGISTRY, Reach.from_environment(env), limits)
    try:
        for _ in range(limits.redirects + 1):
            answer = await transport.send("GET", url, headers={}, most=LARGEST)
            if answer.status not in REDIRECTS:
                break
            url = location(answer.headers.get("Location", ""), url, insecure=False)
    finally:
        await transport.close()
    if answer.status != 200:
        raise EdgeError(f"{shown(address)} answered {answer.status}", transient=answer.status >= 500)
    return answer.body
