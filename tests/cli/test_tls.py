"""The system's authorities count for the commands that import what speaks HTTP when they need it."""

import asyncio
from pathlib import Path

from aiohttp import web

from tests.cli.command import chains
from tests.registry.builders import scripted
from tests.registry.test_tls import authority


async def absent(_: web.BaseRequest) -> web.StreamResponse:
    return web.Response(status=404)


async def test_a_registry_is_trusted_by_the_authorities_of_the_environment(tmp_path: Path) -> None:
    ca_file, context = authority(tmp_path)
    (tmp_path / "key.pub").write_bytes((Path(__file__).parents[1] / "rekor" / "captures" / "rekor.pub").read_bytes())
    async with scripted(absent, context) as server:
        command = ("verify", "--key", tmp_path / "key.pub", "--insecure-ignore-tlog", f"{server.host}/team/app:v1")
        trusted = await asyncio.to_thread(chains, *command, env={"SSL_CERT_FILE": str(ca_file)})
        assert (trusted.returncode, "image tag not found" in trusted.stderr) == (11, True), trusted.stderr
        refused = await asyncio.to_thread(chains, *command)
        assert "the certificate of" in refused.stderr
        assert "is not to be trusted" in refused.stderr
