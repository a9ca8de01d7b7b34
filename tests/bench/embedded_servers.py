"""The embedded servers in a process of their own: says where they are, then how much they were asked, a line each."""

import asyncio
import json
import sys

from chains.demo.kubernetes.server import KubernetesServer
from chains.demo.registry.server import RegistryServer


async def serve(latency: float) -> None:
    """Serve until standard input ends; each line there is answered with the counts so far."""
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async with KubernetesServer() as kubernetes, RegistryServer(latency=latency) as registry:
        _say({"kubeconfig": kubernetes.kubeconfig(), "api": kubernetes.url, "registry": registry.address})
        while await lines.readline():
            _say({"api": _asked(kubernetes), "registry": registry.requests.total()})


def _asked(kubernetes: KubernetesServer) -> dict[str, int]:
    return {f"{verb} {resource}": count for (verb, resource), count in kubernetes.requests.items()}


def _say(said: object) -> None:
    print(json.dumps(said), flush=True)


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
