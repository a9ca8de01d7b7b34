"""Bearer tokens of registries' token services: fetched once for all who ask, kept until shortly before they end."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import urlencode

import msgspec
from yarl import URL

from chains.artifacts.reference import shown
from chains.errors import EdgeError
from chains.hosts.addresses import authority
from chains.hosts.answer import Answer
from chains.hosts.recent import Recent
from chains.hosts.refusals import is_passing, wait_asked_for
from chains.hosts.transport import Transport
from chains.registry.challenges import Challenge
from chains.registry.credential import Credential
from chains.registry.errors import DeniedError
from chains.registry.flights import Flights
from chains.registry.locations import location

DEFAULT_SECONDS = 60.0
MARGIN_SECONDS = 10.0
_PRINTABLE = re.compile(r"[!-~]+")
_FORM = "application/x-www-form-urlencoded"


class _Grant(msgspec.Struct):
    token: str | None = None
    access_token: str | None = None
    expires_in: float | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A token as it is asked for: by which registry, of which service, for what, and as whom (None: anybody).

    `repository` is what it is for: a token service may fail for one and not for others.
    """

    registry: URL
    challenge: Challenge
    scopes: tuple[str, ...]
    credential: Credential | None
    repository: str = ""


@dataclass(frozen=True, slots=True)
class _Kept:
    token: str = field(repr=False)
    until: float


class Tokens:
    """Fetches and keeps tokens."""

    def __init__(self, transport: Transport, *, insecure: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._transport = transport
        self._insecure = insecure
        self._clock = clock
        self._kept: Recent[Wanted, _Kept] = Recent(4096)
        self._flights: Flights[Wanted, str] = Flights()

    async def bearer(self, wanted: Wanted) -> str:
        """Return a token; raise DeniedError when the service does not give one for this credential."""
        kept = self._kept.get(wanted)
        if kept is not None and self._clock() < kept.until:
            return kept.token
        return await self._flights.share(wanted, lambda: self._fetch(wanted))

    def forget(self, wanted: Wanted, token: str) -> None:
        """Drop a token that was refused, unless another has taken its place."""
        kept = self._kept.get(wanted)
        if kept is not None and kept.token == token:
            self._kept.drop(wanted)

    async def close(self) -> None:
        """End what is under way."""
        await self._flights.close()

    async def _fetch(self, wanted: Wanted) -> str:
        realm = location(wanted.challenge.realm, wanted.registry, insecure=self._insecure)
        answer = await self._ask(realm, wanted)
        if is_passing(answer.status):
            raise EdgeError(
                f"the token service {authority(realm)} answered {answer.status}{answer.complaint}",
                transient=True,
                retry_after=wait_asked_for(answer.headers.get("Retry-After")),
            )
        if answer.status != 200:
            raise DeniedError(f"its token service {authority(realm)} answered {answer.status}", transient=False)
        token, seconds = _read(answer)
        lifetime = max(seconds - MARGIN_SECONDS, seconds / 2)
        self._kept.set(wanted, _Kept(token, self._clock() + lifetime))
        return token

    async def _ask(self, realm: URL, wanted: Wanted) -> Answer:
        credential = wanted.credential
        send = partial(self._transport.send, most=self._transport.bounds.text, part=wanted.repository)
        parameters = [("service", wanted.challenge.service)] if wanted.challenge.service else []
        if credential is not None and credential.identity_token:
            parameters += [
                ("scope", " ".join(wanted.scopes)),
                ("client_id", "chains"),
                ("grant_type", "refresh_token"),
                ("refresh_token", credential.identity_token),
            ]
            body = urlencode(parameters).encode()
            return await send("POST", realm, headers={"Content-Type": _FORM}, body=body)
        parameters += [("scope", scope) for scope in wanted.scopes]
        headers = {} if credential is None else {"Authorization": credential.basic}
        return await send("GET", realm.extend_query(parameters), headers=headers)


def _read(answer: Answer) -> tuple[str, float]:
    where = authority(answer.url)
    try:
        grant = msgspec.json.decode(answer.body, type=_Grant)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise EdgeError(f"the token service {shown(where)} answered with no token", transient=True) from None
    token = grant.token or grant.access_token or ""
    if not _PRINTABLE.fullmatch(token):
        raise EdgeError(f"the token service {shown(where)} answered with no usable token", transient=True)
    seconds = grant.expires_in or 0.0
    return token, seconds if seconds > 0 else DEFAULT_SECONDS
