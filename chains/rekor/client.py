"""A client of one log, opened with its first request; redirects are not followed."""

import re
from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

from yarl import URL

from chains.errors import EdgeError, InputError
from chains.hosts.addresses import AddressGuard, authority
from chains.hosts.answer import Answer
from chains.hosts.reach import Reach
from chains.hosts.transport import Transport
from chains.rekor.limits import Limits
from chains.rekor.log_key import LogKey
from chains.rekor.refusals import LOG, refused

_HEADERS: Mapping[str, str] = {"Accept": "application/json", "Content-Type": "application/json"}
_USER = re.compile(r"(?:[^/?#]*://)?[^/?#]*@")


class LogClient:
    """What asks a log for anything: where it is, the keys that it may sign with, and one session."""

    usual: ClassVar[Limits] = Limits()

    def __init__(
        self, url: str, keys: Sequence[LogKey], *, reach: Reach | None = None, limits: Limits | None = None
    ) -> None:
        """`keys` are those that the log may sign with; raise InputError for a URL that is no http or https one."""
        base = _base(url)
        self.host, self.url = authority(base), str(base).rstrip("/")
        self.keys = tuple(keys)
        self.limits = limits or self.usual
        # The operator named the log, so it may be anywhere.
        self._transport = Transport(LOG, reach or Reach(), self.limits, guard=AddressGuard((), ()))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection."""
        await self._transport.close()

    async def send(self, method: str, path: str, body: bytes | None = None) -> Answer:
        """Send one request and read its answer whole; raise EdgeError when none arrives."""
        url = URL(f"{self.url}{path}", encoded=True)
        return await self._transport.send(method, url, headers=_HEADERS, body=body, most=self.limits.answer)

    async def ask(self, method: str, path: str, what: str, body: bytes | None = None) -> bytes:
        """Return the body of an answer that is 200; raise EdgeError for any other, that says `what` was asked."""
        answer = await self.send(method, path, body)
        if answer.status != 200:
            raise refused(self.host, answer, what)
        return answer.body

    def check_size(self, size: int, most: int) -> None:
        """Raise EdgeError when an upload is larger than is sent, before anything is."""
        if size > most:
            raise EdgeError(
                f"the entry for the transparency log {self.host} has {size} bytes, and {most} are sent at most: "
                "this artifact cannot be logged",
                transient=False,
            )


def _base(url: str) -> URL:
    try:
        parsed = URL(url)
        usable = parsed.scheme in ("http", "https") and bool(parsed.host)
    except ValueError:
        parsed, usable = URL(), False
    if _USER.match(url):
        raise InputError("the transparency log's address has a user or password in it, which no log takes")
    if not usable or parsed.query_string or parsed.fragment:
        raise InputError(f"the transparency log's address {url[:120]!a} is no http or https URL")
    return parsed
