"""The token server: GET with a password, POST as OAuth 2 has it."""

import datetime
from collections.abc import Iterable, Mapping, Set

import msgspec
from aiohttp import web

from chains.demo.registry.access import Scope
from chains.demo.registry.refusals import Plain, refused
from chains.demo.registry.tokens import Tokens


async def answer_token_request(tokens: Tokens, request: web.BaseRequest) -> web.Response:
    """Issue a token for what was asked and is allowed; it may be good for nothing, but it is issued."""
    if request.method == "GET":
        return _get(tokens, request)
    if request.method == "POST":
        return _post(tokens, await request.post())
    raise Plain(405, headers={"Allow": "GET, POST"})


def _get(tokens: Tokens, request: web.BaseRequest) -> web.Response:
    account = tokens.requesting_account(request)
    if account is None and "Authorization" in request.headers:
        raise refused(401, "UNAUTHORIZED", "incorrect username or password")
    access = account[1].access if account else tokens.anonymous
    document = _issued(tokens, access, request.query.getall("scope", ()))
    document["token"] = document["access_token"]
    if account and request.query.get("offline_token") == "true":
        document["refresh_token"] = tokens.issue_refresh(account[0])
    return _json(200, document)


def _post(tokens: Tokens, form: Mapping[str, object]) -> web.Response:
    fields = {key: value for key, value in form.items() if isinstance(value, str)}
    grant_type = fields.get("grant_type", "")
    if grant_type == "password":
        account = tokens.password_account(fields.get("username", ""), fields.get("password", ""))
    elif grant_type == "refresh_token":
        account = tokens.refreshed_account(fields.get("refresh_token", ""))
    else:
        return _json(400, {"error": "unsupported_grant_type"})
    if account is None:
        return _json(400, {"error": "invalid_grant", "error_description": "unknown user, password or refresh token"})
    document = _issued(tokens, account[1].access, (fields.get("scope", ""),))
    if fields.get("access_type") == "offline" and grant_type == "password":
        document["refresh_token"] = tokens.issue_refresh(account[0])
    return _json(200, document)


def _issued(tokens: Tokens, access: Mapping[str, Set[str]], asked: Iterable[str]) -> dict[str, object]:
    token, granted = tokens.issue(access, parse_scopes(asked))
    return {
        "access_token": token,
        "expires_in": max(int(tokens.seconds), 1),
        "issued_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "scope": " ".join(map(str, granted)),
    }


def parse_scopes(asked: Iterable[str]) -> list[Scope]:
    """Read scopes, several to a text; a name may contain colons, and what is no scope is passed over."""
    scopes = []
    for text in " ".join(asked).split():
        type_, _, rest = text.partition(":")
        name, _, actions = rest.rpartition(":")
        if name and actions:
            scopes.append(Scope(type_.partition("(")[0], name, tuple(actions.split(","))))
    return scopes


def _json(status: int, document: Mapping[str, object]) -> web.Response:
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    return web.Response(status=status, body=msgspec.json.encode(document), headers=headers)
