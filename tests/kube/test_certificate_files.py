"""Client certificates in files: those that are replaced are used, by the next look or after a 401."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from chains.errors import EdgeError
from chains.kube.client import KubeClient
from chains.kube.connection import CERTIFICATE_SECONDS, KEPT_SESSIONS, Connection, Surroundings
from tests.kube.builders import ScriptedApi, found, refused, served, write_kubeconfig
from tests.kube.certificates import Authority

PATH = "/api/v1/namespaces/builds/secrets/one"


@dataclass
class Office:
    """An API that notes whose certificate it is shown, and refuses the spent; and the files of one who asks."""

    folder: Path
    shown: list[str] = field(default_factory=list)
    spent: set[str] = field(default_factory=set)
    now: float = 0.0

    def __post_init__(self) -> None:
        self.authority = Authority.create(self.folder)
        self.certificate, self.key = self.folder / "client.crt", self.folder / "client.key"

    def issue(self, name: str, *, certificate: bool = True, key: bool = True) -> None:
        """Replace the files, or one of them, in their place."""
        issued = self.authority.issue(name)
        if certificate:
            shutil.copy(issued.certificate, self.certificate)
        if key:
            shutil.copy(issued.key, self.key)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        name = request.transport.get_extra_info("peercert")["subject"][0][0][1]
        self.shown.append(name)
        return await (refused(401, "Unauthorized", "Unauthorized") if name in self.spent else found({}))(request)


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[tuple[Office, KubeClient, Connection]]:
    office = Office(folder)
    office.issue("one")
    script = ScriptedApi().on("GET", PATH, office.answer)
    async with served(script, office.authority.server(client_certificates=True)):
        cluster = {"server": script.host, "certificate-authority": str(office.authority.file)}
        user = {"client-certificate": str(office.certificate), "client-key": str(office.key)}
        path = write_kubeconfig(folder, cluster, user)
        connection = await Connection.open(str(path), Surroundings({}), lambda: office.now)
        client = KubeClient(connection)
        try:
            yield office, client, connection
        finally:
            await client.close()


async def test_a_certificate_that_is_replaced_in_its_file_is_used_at_the_next_look(tmp_path: Path) -> None:
    async with opened(tmp_path) as (office, client, _):
        await client.get(PATH)
        office.issue("two")
        await client.get(PATH)
        office.now = CERTIFICATE_SECONDS
        await client.get(PATH)
        await client.get(PATH)
    assert office.shown == ["one", "one", "two", "two"]


async def test_a_certificate_that_is_refused_is_read_again_at_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as (office, client, _):
        await client.get(PATH)
        office.issue("two")
        office.spent.add("one")
        assert await client.get(PATH) is not None
    assert office.shown == ["one", "one", "two"]


async def test_requests_that_are_refused_together_all_go_on_with_the_new_certificate(tmp_path: Path) -> None:
    async with opened(tmp_path) as (office, client, _):
        office.issue("two")
        office.spent.add("one")
        answers = await asyncio.gather(*(client.get(PATH) for _ in range(3)))
    assert all(answers)
    assert sorted(office.shown) == ["one"] * 3 + ["two"] * 3


async def test_a_certificate_that_stays_refused_is_told_of(tmp_path: Path) -> None:
    async with opened(tmp_path) as (office, client, _):
        office.spent.add("one")
        with pytest.raises(EdgeError, match="401"):
            await client.get(PATH)
    assert office.shown == ["one"]


async def test_a_pair_that_is_half_replaced_waits_for_the_other_half(tmp_path: Path) -> None:
    async with opened(tmp_path) as (office, client, _):
        office.issue("two", key=False)
        office.now = CERTIFICATE_SECONDS
        await client.get(PATH)
        office.issue("three")
        office.now = 2 * CERTIFICATE_SECONDS
        await client.get(PATH)
    assert office.shown == ["one", "three"]


async def test_sessions_of_certificates_long_spent_are_closed(tmp_path: Path) -> None:
    async with opened(tmp_path) as (office, client, connection):
        sessions = []
        for number in range(KEPT_SESSIONS + 2):
            office.issue(f"number-{number}")
            office.now += CERTIFICATE_SECONDS
            await client.get(PATH)
            sessions.append(connection.session)
        assert [session.closed for session in sessions] == [True, True] + [False] * KEPT_SESSIONS
