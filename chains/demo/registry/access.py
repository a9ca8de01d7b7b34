"""Who may do what: nobody is asked, or passwords, and the words of a challenge."""

import base64
import binascii
import hmac
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final, Protocol

from aiohttp import web

from chains.demo.registry.refusals import Reason, Refusal
from chains.demo.registry.routes import Route

EVERYTHING: Final[Mapping[str, Set[str]]] = {"*": {"pull", "push", "delete"}}
NOTHING: Final[Mapping[str, Set[str]]] = {}
_ACTIONS: Final = {"GET": ("pull",), "HEAD": ("pull",), "DELETE": ("delete",)}


@dataclass(frozen=True, slots=True)
class Scope:
    """Actions on one thing; the name of the type `registry` is always `catalog`."""

    type: str
    name: str
    actions: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.type}:{self.name}:{','.join(self.actions)}"


@dataclass(frozen=True, slots=True)
class Account:
    """A user: `access` maps patterns of repositories to actions; the identity token logs in without the password."""

    password: str
    access: Mapping[str, Set[str]] = field(default_factory=lambda: EVERYTHING)
    identity_token: str = ""


class Gate(Protocol):
    """Decides whether a request may go on."""

    def admit(self, request: web.BaseRequest, needed: tuple[Scope, ...]) -> None:
        """Return when it may, else raise the Refusal."""


class Open:
    """Lets everybody do everything."""

    def admit(self, request: web.BaseRequest, needed: tuple[Scope, ...]) -> None:
        """Ask nothing."""


class Passwords:
    """HTTP basic authentication; 401 for who is not known, 403 for what is not allowed."""

    def __init__(
        self,
        accounts: Mapping[str, Account],
        *,
        anonymous: Mapping[str, Set[str]] = NOTHING,
        realm: str = "embedded registry",
    ) -> None:
        self._accounts = accounts
        self._anonymous = anonymous
        self._realm = realm

    def admit(self, request: web.BaseRequest, needed: tuple[Scope, ...]) -> None:
        """Admit who logs in and may; without credentials what is open to everybody."""
        access = self._anonymous
        if "Authorization" in request.headers or not access:
            account = known_account(self._accounts, request)
            if account is None:
                raise self._challenge(needed)
            access = account[1].access
        if all(allowed(access, scope) == set(scope.actions) for scope in needed):
            return
        if "Authorization" not in request.headers:
            raise self._challenge(needed)
        raise Refusal(403, Reason.of("DENIED", detail_of(needed)))

    def _challenge(self, needed: tuple[Scope, ...]) -> Refusal:
        headers = {"WWW-Authenticate": f'Basic realm="{self._realm}"'}
        return Refusal(401, Reason.of("UNAUTHORIZED", detail_of(needed)), headers=headers)


def needed_scopes(request: web.BaseRequest, route: Route) -> tuple[Scope, ...]:
    """Say what a request must be allowed to do; a mount reads its source too."""
    if route.kind == "catalog":
        return (Scope("registry", "catalog", ("*",)),)
    if not route.repository:
        return ()
    own = Scope("repository", route.repository, _ACTIONS.get(request.method, ("pull", "push")))
    source = request.query.get("from", "") if route.kind == "start" and "mount" in request.query else ""
    return (own, Scope("repository", source, ("pull",))) if source else (own,)


def allowed(access: Mapping[str, Set[str]], scope: Scope) -> set[str]:
    """Return those of the scope's actions that the rules allow; `catalog` takes a rule of that name or `*`."""
    granted: set[str] = set()
    for pattern, actions in access.items():
        if fnmatchcase(scope.name, pattern):
            granted |= {"*"} if scope.type == "registry" else set(actions)
    return granted & set(scope.actions)


def known_account(accounts: Mapping[str, Account], request: web.BaseRequest) -> tuple[str, Account] | None:
    """Return the user whose name and password the request carries."""
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return checked_account(accounts, name, password)


def checked_account(accounts: Mapping[str, Account], name: str, password: str) -> tuple[str, Account] | None:
    """Return the user if the password is right."""
    account = accounts.get(name)
    if account is None or not hmac.compare_digest(account.password.encode(), password.encode()):
        return None
    return name, account


def detail_of(needed: tuple[Scope, ...]) -> list[dict[str, str]] | None:
    """Spell out the scopes as the errors of docker-registry do."""
    return [
        {"Type": scope.type, "Class": "", "Name": scope.name, "Action": action}
        for scope in needed
        for action in scope.actions
    ] or None
