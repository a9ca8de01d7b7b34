"""The embedded server: a cluster behind HTTP on loopback."""

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from typing import Any, Self

import yaml
from aiohttp import web
from aiohttp.typedefs import Handler

from chains.demo.faults import Faults
from chains.demo.kubernetes.access_reviews import PATHS as REVIEWS
from chains.demo.kubernetes.access_reviews import review
from chains.demo.kubernetes.bodies import BODY_LIMIT, JSON, read_object
from chains.demo.kubernetes.calls import Calls
from chains.demo.kubernetes.cluster import HISTORY, Clock, Cluster, utc_now
from chains.demo.kubernetes.discovery import HEALTH, discover
from chains.demo.kubernetes.objects import Object, encode
from chains.demo.kubernetes.representations import accepts_json
from chains.demo.kubernetes.resources import NAMESPACES, Resource
from chains.demo.kubernetes.shortcuts import named_kind, put_object
from chains.demo.kubernetes.status import StatusError, method_not_allowed, not_acceptable, unauthorized
from chains.demo.kubernetes.targets import find_target
from chains.demo.kubernetes.watches import Watches
from chains.demo.listening import HOST, listening

BOOKMARK_SECONDS = 60.0
FIRST_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
_SHUTDOWN_SECONDS = 1.0
_OPEN = frozenset({*HEALTH, "/version"})


class KubernetesServer:
    """A Kubernetes API on 127.0.0.1, plain HTTP, for as long as it is entered.

    `resources` are served besides the built-in ones and Tekton's. With `tokens` (token to user name) only their
    bearers are answered. `faults` makes requests fail, `watches` acts on running watches, and `requests` counts by verb
    and resource what has arrived, faulty or not. Access reviews deny the pairs of verb and resource in `denied`, which
    binds nobody.
    """

    def __init__(
        self,
        resources: Iterable[Resource] = (),
        *,
        tokens: Mapping[str, str] | None = None,
        history: int = HISTORY,
        bookmark_seconds: float = BOOKMARK_SECONDS,
        clock: Clock = utc_now,
        faults: Faults | None = None,
    ) -> None:
        self.cluster = Cluster(resources, history=history, clock=clock)
        self.faults = faults or Faults()
        self.watches = Watches()
        self.requests: Counter[tuple[str, str]] = Counter()
        self.denied: set[tuple[str, str]] = set()
        self.url = ""
        self._tokens = dict(tokens or {})
        self._calls = Calls(self.cluster, self.watches, bookmark_seconds)
        self._life = AsyncExitStack()
        self._port = 0

    async def __aenter__(self) -> Self:
        for name in FIRST_NAMESPACES:
            if self.cluster.store(NAMESPACES).get(name) is None:
                await self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen: at first on a free port, after a stop on the same one again, with everything as it was left."""
        middlewares = [self._count, self.faults.middleware, _refuse, self._authenticate]
        app = web.Application(middlewares=middlewares, client_max_size=BODY_LIMIT)
        app.router.add_route("*", "/{path:.*}", self._answer)
        # Cancelled with its connection, a watch that nobody reads any more does not linger.
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=_SHUTDOWN_SECONDS)
        self._port = await self._life.enter_async_context(listening(runner, port=self._port))
        self.url = f"http://{HOST}:{self._port}"

    async def stop(self) -> None:
        """Close every watch and connection and listen no longer."""
        self.watches.close()
        await self._life.aclose()

    def kubeconfig(self, token: str | None = None) -> str:
        """Return a kubeconfig (YAML) for a token, by default the first.

        Go clients, kubectl among them, send tokens over TLS only, so they need a server without `tokens`.
        """
        token = token if token is not None else next(iter(self._tokens), None)
        user: dict[str, Any] = {"name": "demo", "user": {"token": token} if token else {}}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "demo", "cluster": {"server": self.url}}],
            "users": [user],
            "contexts": [{"name": "demo", "context": {"cluster": "demo", "user": "demo"}}],
            "current-context": "demo",
        }
        return yaml.safe_dump(config, sort_keys=False)

    def compact(self, revision: int | None = None) -> None:
        """Forget what was before a revision, or before now: older lists and watches get 410."""
        self.cluster.compact(revision)

    async def apply(self, found: Mapping[str, Any], field_manager: str = "demo") -> Object:
        """Create an object or replace the one of its name, without HTTP; its namespace is made if need be."""
        return put_object(self.cluster, found, field_manager)

    def get(self, kind: str, name: str, namespace: str = "") -> Object | None:
        """Return an object as it is, without HTTP; None when there is none."""
        resource = named_kind(self.cluster, kind)
        version = self.cluster.store(resource).get(resource.key(namespace, name))
        return None if version is None else version.object

    def objects(self, kind: str, namespace: str = "") -> list[Object]:
        """Return all objects of a kind (in a namespace), without HTTP."""
        return [each.object for each in self.cluster.store(named_kind(self.cluster, kind)).scan(namespace).found]

    @web.middleware
    async def _count(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        target = find_target(self.cluster.catalogue, request.path)
        verb = target.verb(request.method, request.query) if target is not None else None
        if target is None or verb is None:
            self.requests[request.method, "other"] += 1
        else:
            plural = target.resource.plural
            self.requests[verb, f"{plural}/{target.subresource}" if target.subresource else plural] += 1
        return await handler(request)

    @web.middleware
    async def _authenticate(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        known = scheme.lower() == "bearer" and token.strip() in self._tokens
        if self._tokens and not known and request.path not in _OPEN:
            raise unauthorized()
        return await handler(request)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.path in HEALTH:
            return web.Response(text="ok")
        if request.method == "POST" and request.path in REVIEWS:
            answer = review(REVIEWS[request.path], await read_object(request), self.denied)
            return web.Response(status=201, body=encode(answer), content_type=JSON)
        target = find_target(self.cluster.catalogue, request.path)
        if target is None:
            return self._discover(request)
        verb = target.verb(request.method, request.query)
        if verb is None:
            raise method_not_allowed()
        return await self._calls.answer(request, target, verb)

    def _discover(self, request: web.Request) -> web.Response:
        found = discover(self.cluster.catalogue, request.path, request.host)
        if found is None:
            return web.Response(status=404, text="404 page not found\n")
        if request.method != "GET":
            raise method_not_allowed()
        if not accepts_json(request.headers.get("Accept", "")):
            raise not_acceptable()
        return web.Response(body=encode(found), content_type=JSON)


@web.middleware
async def _refuse(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except StatusError as error:
        return web.Response(status=error.code, body=encode(error.status), content_type=JSON, headers=error.headers)
