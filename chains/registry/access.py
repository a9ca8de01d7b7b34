"""Getting in: the scheme a registry speaks, what it asks for, and which credential it takes."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from weakref import WeakKeyDictionary

from yarl import URL

from chains.artifacts.reference import Repository
from chains.errors import EdgeError
from chains.hosts.addresses import is_loopback
from chains.hosts.answer import Answer
from chains.hosts.errors import UnreachableError
from chains.hosts.recent import Recent
from chains.hosts.refusals import is_passing
from chains.hosts.transport import Transport
from chains.registry.challenges import Challenge, challenge_in
from chains.registry.credential import Credential, Keychain
from chains.registry.credentials import drawn
from chains.registry.errors import DeniedError
from chains.registry.flights import Flights
from chains.registry.refusals import denied, failed
from chains.registry.tokens import Tokens, Wanted

Taken = Recent[Repository, Credential | None]


@dataclass(frozen=True, slots=True)
class Call:
    """One request about a repository; `path` is below `/v2/`, `url` stands in for it."""

    method: str
    repository: Repository
    path: str
    most: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    writing: bool = False
    url: URL | None = None

    @property
    def scope(self) -> str:
        """The scope of the token it takes."""
        return f"repository:{self.repository.path}:{'pull,push' if self.writing else 'pull'}"


@dataclass(slots=True)
class _Door:
    """What is known of one registry: the schemes to try, the challenge it makes, and that it serves anybody."""

    registry: str
    schemes: tuple[str, ...]
    challenge: Challenge | None = None
    open_to_all: bool = False

    @property
    def url(self) -> URL:
        return URL(f"{self.schemes[0]}://{self.registry}/v2/", encoded=True)


class Access:
    """Sends calls with the first credential that the registry takes.

    The first request goes out bare: its answer tells the scheme, and 401 the challenge. A bare 403 or 404 is no answer
    while there is a credential to offer and the registry has not shown that it serves anybody: `/v2/` is asked then, so
    that a private repository is never taken for an empty one.
    """

    def __init__(self, transport: Transport, *, insecure: bool) -> None:
        self._transport = transport
        self._insecure = insecure
        self._tokens = Tokens(transport, insecure=insecure)
        self._doors: Recent[str, _Door] = Recent()
        self._pings: Flights[str, Challenge | None] = Flights()
        self._taken: WeakKeyDictionary[Keychain, Taken] = WeakKeyDictionary()

    async def send(self, call: Call, keychain: Keychain) -> Answer:
        """Send the call and return its answer, of any status; raise DeniedError when no credential gets us in."""
        registry = call.repository.registry
        door = self._doors.get(registry) or self._doors.set(registry, _Door(registry, self._schemes(registry)))
        challenge = door.challenge
        if challenge is None:
            answer = await self._reach(call, door, "")
            challenge = await self._challenged(answer, call, door, keychain)
            if challenge is None:
                return answer
            door.challenge = challenge
        try:
            return await self._offer(call, door, keychain, challenge)
        except EdgeError:
            # What it asks for may have changed: the next call finds out.
            door.challenge = None
            raise

    async def close(self) -> None:
        """End what is under way."""
        await self._pings.close()
        await self._tokens.close()

    def _schemes(self, registry: str) -> tuple[str, ...]:
        host = URL(f"https://{registry}").host or ""
        return ("https", "http") if self._insecure or is_loopback(host) else ("https",)

    async def _reach(self, call: Call, door: _Door, authorization: str) -> Answer:
        headers = {**call.headers, "Authorization": authorization} if authorization else call.headers
        if call.url is not None:
            return await self._send(call, call.url, headers)
        failure: UnreachableError | None = None
        for scheme in door.schemes:
            url = URL(f"{scheme}://{door.registry}/v2/{call.path}", encoded=True)
            try:
                answer = await self._send(call, url, headers)
            except UnreachableError as error:
                failure = error
            else:
                door.schemes = (scheme,)
                return answer
        door.schemes = self._schemes(door.registry)
        raise failure or UnreachableError(f"{door.registry} speaks no known scheme", transient=False)

    async def _send(self, call: Call, url: URL, headers: Mapping[str, str]) -> Answer:
        part = str(call.repository)
        return await self._transport.send(call.method, url, headers=headers, body=call.body, most=call.most, part=part)

    async def _challenged(self, answer: Answer, call: Call, door: _Door, keychain: Keychain) -> Challenge | None:
        """Return the challenge that the answer to a bare call means, None when the answer stands."""
        if answer.status == 401:
            return _challenge(answer, call.repository)
        if answer.status < 300 and call.method != "GET":
            door.open_to_all = True
        if answer.status not in (403, 404) or door.open_to_all:
            return None
        async with aclosing(drawn(keychain.credentials(call.repository))) as offered:
            if await anext(offered, None) is None:
                return None
        return await self._pings.share(door.registry, lambda: self._ping(call, door))

    async def _ping(self, call: Call, door: _Door) -> Challenge | None:
        answer = await self._reach(Call("GET", call.repository, "", self._transport.bounds.text), door, "")
        if answer.status == 401:
            return _challenge(answer, call.repository)
        if is_passing(answer.status):
            raise failed(answer, "who it is for", call.repository)
        door.open_to_all = answer.status == 200
        return None

    async def _offer(self, call: Call, door: _Door, keychain: Keychain, challenge: Challenge) -> Answer:
        refusals: list[str] = []
        async with aclosing(self._candidates(keychain, call.repository)) as candidates:
            async for credential in candidates:
                try:
                    answer = await self._as(credential, call, door, challenge)
                except DeniedError as error:
                    refusals.append(str(error))
                    continue
                # Who is nobody to a registry that refused somebody is not told what exists.
                hidden = answer.status == 404 and credential is None and bool(refusals)
                if answer.status not in (401, 403) and not hidden:
                    self._remember(keychain, call.repository, credential, answer)
                    return answer
                refusals.append(f"it answered {answer.status}{answer.complaint}")
        raise denied(call.repository, refusals, writing=call.writing)

    async def _candidates(self, keychain: Keychain, repository: Repository) -> AsyncGenerator[Credential | None, None]:
        """Yield what this keychain's repository took before, then what it offers, then nobody."""
        taken = self._taken.get(keychain)
        known = taken is not None and repository in taken
        first = taken.get(repository) if taken is not None else None
        if known:
            yield first
        async with aclosing(drawn(keychain.credentials(repository))) as offered:
            async for credential in offered:
                if not known or credential != first:
                    yield credential
        if not known or first is not None:
            yield None

    def _remember(
        self, keychain: Keychain, repository: Repository, credential: Credential | None, answer: Answer
    ) -> None:
        if answer.status < 300:
            self._taken.setdefault(keychain, Recent(256)).set(repository, credential)

    async def _as(self, credential: Credential | None, call: Call, door: _Door, challenge: Challenge) -> Answer:
        """Send the call as one credential's holder; a token that is refused is fetched anew, once."""
        authorization = await self._authorization(credential, call, door, challenge)
        answer = await self._reach(call, door, authorization)
        fresh = challenge_in(answer.headers.getall("WWW-Authenticate", ())) if answer.status == 401 else None
        if fresh is None or (fresh.basic and challenge.basic):
            return answer
        door.challenge = replace(fresh, scope="")
        self._tokens.forget(_wanted(credential, call, door, challenge), authorization.partition(" ")[2])
        return await self._reach(call, door, await self._authorization(credential, call, door, fresh))

    async def _authorization(self, credential: Credential | None, call: Call, door: _Door, challenge: Challenge) -> str:
        if credential is not None and credential.registry_token:
            return f"Bearer {credential.registry_token}"
        if challenge.basic:
            return credential.basic if credential is not None and credential.username else ""
        return f"Bearer {await self._tokens.bearer(_wanted(credential, call, door, challenge))}"


def _challenge(answer: Answer, repository: Repository) -> Challenge:
    found = challenge_in(answer.headers.getall("WWW-Authenticate", ()))
    if found is None:
        raise DeniedError(
            f"{repository.registry} answered 401 without a challenge that is known here (Bearer or Basic)",
            transient=False,
        )
    return replace(found, scope="")


def _wanted(credential: Credential | None, call: Call, door: _Door, challenge: Challenge) -> Wanted:
    named = challenge.scope if not challenge.scope.startswith(f"repository:{call.repository.path}:") else ""
    scopes = (call.scope, named) if named else (call.scope,)
    return Wanted(door.url, replace(challenge, scope=""), scopes, credential, str(call.repository))
