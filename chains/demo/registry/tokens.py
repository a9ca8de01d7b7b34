"""Bearer tokens: short-lived, good for the scopes they were granted, and the challenge that asks for one."""

import secrets
import time
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass

from aiohttp import web

from chains.demo.registry.access import NOTHING, Account, Scope, allowed, checked_account, detail_of, known_account
from chains.demo.registry.refusals import Reason, Refusal
from chains.demo.registry.routes import TOKEN_PATH

TOKENS_LIMIT = 100_000


@dataclass(frozen=True, slots=True)
class Grant:
    """What one token is good for, and until when by the clock of its issuer."""

    scopes: tuple[Scope, ...]
    until: float


class Tokens:
    """Token authentication; this registry is its own token server at `/token`.

    `realm` names another token server in the challenge. `seconds` is how long a token lives by `clock`.
    """

    def __init__(
        self,
        accounts: Mapping[str, Account],
        *,
        anonymous: Mapping[str, Set[str]] = NOTHING,
        seconds: float = 300,
        service: str = "embedded-registry",
        realm: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.accounts = accounts
        self.anonymous = anonymous
        self.seconds = seconds
        self._service = service
        self._realm = realm
        self._clock = clock
        self._grants: dict[str, Grant] = {}
        self._refresh: dict[str, str] = {}

    def admit(self, request: web.BaseRequest, needed: tuple[Scope, ...]) -> None:
        """Admit a request whose token covers all that it does."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise self._challenge(request, needed, "")
        grant = self._grants.get(token)
        if grant is None or grant.until <= self._clock():
            raise self._challenge(request, needed, "invalid_token")
        if not all(_covers(grant, scope) for scope in needed):
            raise self._challenge(request, needed, "insufficient_scope")

    def issue(self, access: Mapping[str, Set[str]], asked: list[Scope]) -> tuple[str, tuple[Scope, ...]]:
        """Make a token for those of the scopes that the rules allow; return it with what it is good for."""
        if len(self._grants) >= TOKENS_LIMIT:
            del self._grants[next(iter(self._grants))]
        granted = []
        for scope in asked:
            actions = allowed(access, scope)
            if actions:
                granted.append(Scope(scope.type, scope.name, tuple(sorted(actions))))
        token = secrets.token_urlsafe(24)
        self._grants[token] = Grant(tuple(granted), self._clock() + self.seconds)
        return token, tuple(granted)

    def issue_refresh(self, name: str) -> str:
        """Make a token that logs the user in again."""
        token = secrets.token_urlsafe(24)
        self._refresh[token] = name
        return token

    def refreshed_account(self, token: str) -> tuple[str, Account] | None:
        """Return the user whose refresh token or identity token this is."""
        for name, account in self.accounts.items():
            if account.identity_token and secrets.compare_digest(account.identity_token.encode(), token.encode()):
                return name, account
        known = self._refresh.get(token)
        return (known, self.accounts[known]) if known else None

    def password_account(self, name: str, password: str) -> tuple[str, Account] | None:
        """Return the user if the password is right."""
        return checked_account(self.accounts, name, password)

    def requesting_account(self, request: web.BaseRequest) -> tuple[str, Account] | None:
        """Return the user whose name and password the request carries."""
        return known_account(self.accounts, request)

    def revoke_all(self) -> None:
        """Let every token issued so far be refused from now on; refresh tokens stay good."""
        self._grants.clear()

    def _challenge(self, request: web.BaseRequest, needed: tuple[Scope, ...], error: str) -> Refusal:
        realm = self._realm or f"{request.scheme}://{request.host}{TOKEN_PATH}"
        challenge = f'Bearer realm="{realm}",service="{self._service}"'
        if needed:
            challenge += f',scope="{" ".join(map(str, needed))}"'
        if error:
            challenge += f',error="{error}"'
        headers = {"WWW-Authenticate": challenge}
        return Refusal(401, Reason.of("UNAUTHORIZED", detail_of(needed)), headers=headers)


def _covers(grant: Grant, needed: Scope) -> bool:
    actions = {
        action
        for scope in grant.scopes
        if (scope.type, scope.name) == (needed.type, needed.name)
        for action in scope.actions
    }
    return actions >= set(needed.actions)
