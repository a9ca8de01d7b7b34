"""One small text over HTTPS, such as a public key that is published."""

from collections.abc import Mapping

from yarl import URL

from chains.artifacts.reference import shown
from chains.errors import EdgeError, InputError
from chains.hosts.addresses import is_loopback
from chains.hosts.reach import Reach
from chains.hosts.transport import Transport
from chains.registry.limits import Limits
from chains.registry.locations import REDIRECTS, location
from chains.registry.refusals import REGISTRY

LARGEST = 64 * 1024


async def fetch_text(address: str, env: Mapping[str, str], limits: Limits | None = None) -> bytes:
    """Return what is published under an https address (http on this machine alone); raise InputError or EdgeError."""
    limits = limits or Limits()
    url = _url(address)
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


def _url(address: str) -> URL:
    try:
        url = URL(address)
    except ValueError as error:
        raise InputError(f"{shown(address)} is no usable address: {error}") from error
    if url.scheme != "https" and not (url.scheme == "http" and is_loopback(url.host or "")):
        raise InputError(f"{shown(address)}: use https, as anybody on the way could swap what comes over {url.scheme}")
    return url
