"""Passwords, tokens and key material, known to us in every form: none of them is ever told."""

import asyncio
import base64
import json
from collections.abc import Iterable, Mapping, Set
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from chains.demo.faults import Faults
from chains.demo.registry.access import Account, Open, Scope
from chains.demo.registry.tokens import Tokens
from chains.keys.generate import generate_key_pair
from tests.faults.invariants import OurKey
from tests.faults.runs import NAMESPACE, taskrun
from tests.faults.scene import Scene, scene, secret, service_account
from tests.faults.survival import Outcome, Scenario, outcome

KEY, REGISTRY, WRONG = "canary-of-the-key", "canary-of-the-registry", "canary-of-a-wrong-one"


class RememberedTokens(Tokens):
    """Remembers every token that was issued."""

    def __init__(self, accounts: Mapping[str, Account]) -> None:
        super().__init__(accounts, seconds=2)
        self.issued: list[str] = []

    def issue(self, access: Mapping[str, Set[str]], asked: list[Scope]) -> tuple[str, tuple[Scope, ...]]:
        """Issue a token and remember it."""
        token, granted = super().issue(access, asked)
        self.issued.append(token)
        return token, granted


class Echo(Faults):
    """Refuses every fourth of a number of requests with an error that repeats what the request carried."""

    def __init__(self) -> None:
        super().__init__()
        self.left = 32

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Repeat the password or token of a request, or let it pass."""
        kind, _, carried = request.headers.get("Authorization", "").partition(" ")
        self.left -= bool(carried)
        if not carried or self.left < 0 or self.left % 4:
            return await handler(request)
        said = base64.b64decode(carried).decode() if kind == "Basic" else carried
        body = {"errors": [{"code": "DENIED", "message": f"{said} is not welcome, nor is {carried}"}]}
        return web.Response(status=403 if self.left % 8 else 500, body=json.dumps(body))


async def canaries(folder: Path) -> Outcome:
    """Much goes wrong while secrets are in use; then the log, the Events and the runs are searched for them."""
    pair = await asyncio.to_thread(generate_key_pair, KEY.encode())
    async with scene(folder) as here:
        here.keys.append(OurKey("encrypted key", pair.public_pem))
        await _write_key(here, pair.private_pem, KEY)
        here.registry.gate = tokens = RememberedTokens({"ci": Account(REGISTRY)})
        await _give_push_secret(here, WRONG)
        refused = (here.image("team/refused", "refused"),)
        await here.apply(taskrun("refused", refused), refused, refused=True)
        controller = here.controller(level="debug")
        await controller.start()
        await here.settled(20.0)
        await _give_push_secret(here, REGISTRY)
        await _work_in_trouble(here)
        await _write_key(here, pair.private_pem, WRONG)
        await here.builds(2, "waiting")
        await asyncio.sleep(11.0)
        await _write_key(here, pair.private_pem, KEY)
        await here.settled(60.0)
        here.registry.gate = Open()
        found = await outcome(here, 1, wait=1.0)
        words = [*_forms(KEY), *_forms(REGISTRY), *_forms(WRONG), *_lines_of(pair.private_pem), *tokens.issued]
        objects = [*here.kubernetes.objects("Event"), *here.kubernetes.objects("TaskRun")]
        found.findings.wrong += _told(words, controller.log.read_text(), "the log")
        found.findings.wrong += _told(words, json.dumps(objects), "Events and runs")
        if "MultiDict" in controller.log.read_text():
            found.findings.wrong.append("the log shows the headers of an answer")
        if not tokens.issued or "refused" not in controller.log.read_text():
            found.findings.wrong.append("no secret was ever in use")
        return Outcome(len(words), found.findings, found.recovery)


async def _work_in_trouble(here: Scene) -> None:
    """Let a registry repeat in its refusals what a request carried, and reset connections, while runs come."""
    here.registry.faults = Echo()
    here.door.resets = 3
    for number in range(6):
        images = (here.image("team/app", f"build {number}"),)
        await here.apply(taskrun(f"build-{number}", images), images, refused=True)
    await here.settled(30.0)


async def _write_key(here: Scene, private_pem: bytes, password: str) -> None:
    await here.write_secret({"cosign.key": private_pem, "cosign.password": password.encode()})


async def _give_push_secret(here: Scene, password: str) -> None:
    auths = {"auths": {here.door.address: {"username": "ci", "password": password}}}
    kind = "kubernetes.io/dockerconfigjson"
    await here.kubernetes.apply(secret("push", NAMESPACE, {".dockerconfigjson": json.dumps(auths).encode()}, kind))
    await here.kubernetes.apply(service_account("push"))


def _forms(word: str) -> list[str]:
    """Return a password as it is, encoded, and as basic authentication carries it."""
    return [word, *(base64.b64encode(text.encode()).decode().rstrip("=") for text in (word, f"ci:{word}"))]


def _lines_of(pem: bytes) -> list[str]:
    return pem.decode().splitlines()[1:4]


def _told(words: Iterable[str], text: str, where: str) -> list[str]:
    return [f"{where} tell a secret that begins with {word[:12]}" for word in words if word in text]


SCENARIOS: dict[str, Scenario] = {"secrets: told nowhere": canaries}
