"""A log that gives no answer is left alone, as every host is."""

import pytest

from chains.demo.faults import Fault
from chains.demo.rekor.server import RekorServer
from chains.errors import EdgeError
from tests.rekor.builders import client, signed_image


async def test_a_dead_log_is_not_asked_again_for_each_upload() -> None:
    async with RekorServer() as server, client(server) as log:
        cut = server.faults.add(Fault(cut="before"))
        for number in range(10):
            with pytest.raises(EdgeError):
                await log.upload(await signed_image(body=b"%d" % number))
        assert server.faults.hits(cut) < 10
