"""A key pair in a Secret is rotated: what was signed before can still be verified, by whoever may read no Secret."""

import asyncio
from pathlib import Path

import pytest

from chains.demo.faults import Fault
from chains.demo.kubernetes.server import KubernetesServer
from chains.keys.secret import signer_from_secret
from chains.kube.client import KubeClient
from chains.kube.secret import SecretSource
from tests.verify.recordings import Ended, chains

REFERENCE = "k8s://audit/keys"


class Cluster:
    """An embedded cluster, and our command on it."""

    def __init__(self, kubernetes: KubernetesServer, folder: Path) -> None:
        self.kubernetes = kubernetes
        self._folder = folder
        (folder / "kubeconfig").write_text(kubernetes.kubeconfig())
        self._env = {"KUBECONFIG": str(folder / "kubeconfig"), "COSIGN_PASSWORD": "pw"}

    async def chains(self, *arguments: str) -> Ended:
        return await asyncio.to_thread(chains, *arguments, env=self._env, cwd=self._folder)

    async def public_key(self) -> str:
        return (await self.entries())["cosign.pub"].decode()

    async def entries(self) -> dict[str, bytes]:
        client = await KubeClient.connect(str(self._folder / "kubeconfig"))
        try:
            return dict(await SecretSource(client, "audit", "keys").read())
        finally:
            await client.close()


async def cluster(kubernetes: KubernetesServer, folder: Path) -> Cluster:
    await kubernetes.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "audit"}})
    made = Cluster(kubernetes, folder)
    assert (await made.chains("generate-key-pair", REFERENCE)).exit_code == 0
    return made


async def test_the_old_public_key_is_kept_and_the_new_pair_is_in_the_secret(tmp_path: Path) -> None:
    async with KubernetesServer() as kubernetes:
        here = await cluster(kubernetes, tmp_path)
        first = await here.public_key()
        assert "or let --rotate do that" in (await here.chains("generate-key-pair", "-y", REFERENCE)).stderr
        assert await here.public_key() == first

        ended = await here.chains("generate-key-pair", "--rotate", "-y", REFERENCE)

        assert ended.exit_code == 0, ended.stderr
        second = await here.public_key()
        assert second != first
        assert (tmp_path / "cosign.pub").read_text() == second
        assert signer_from_secret(await here.entries()).public_pem.decode() == second
        assert (await here.chains("public-key", "--key", "k8s-cm://audit/keys-public-keys")).stdout == second
        assert (await here.chains("generate-key-pair", "--rotate", "-y", REFERENCE)).exit_code == 0
        kept = kubernetes.get("ConfigMap", "keys-public-keys", "audit")
        assert kept is not None
        assert {first, second, await here.public_key()} == {*kept["data"].values()}


async def test_a_secret_that_cannot_be_made_anew_is_put_back(tmp_path: Path) -> None:
    async with KubernetesServer() as kubernetes:
        here = await cluster(kubernetes, tmp_path)
        first = await here.entries()
        kubernetes.faults.add(Fault(method="POST", path="/secrets", status=403, times=1))
        ended = await here.chains("generate-key-pair", "--rotate", "-y", REFERENCE)
        assert ended.exit_code == 1
        assert await here.entries() == first


@pytest.mark.parametrize("rotate", [(), ("--rotate",)])
async def test_a_public_key_in_the_folder_is_not_overwritten_unasked(tmp_path: Path, rotate: tuple[str, ...]) -> None:
    async with KubernetesServer() as kubernetes:
        here = await cluster(kubernetes, tmp_path)
        before = await here.entries()
        (tmp_path / "cosign.pub").write_text("precious")
        ended = await here.chains("generate-key-pair", *rotate, REFERENCE)
        assert ended.exit_code == 1
        assert "WARNING: File cosign.pub already exists. Overwrite?" in ended.stderr
        assert "Error: user declined the prompt" in ended.stderr
        assert (tmp_path / "cosign.pub").read_text() == "precious"
        assert await here.entries() == before


@pytest.mark.parametrize("reference", ["", "awskms://x"])
def test_only_a_key_pair_in_a_secret_is_rotated(reference: str) -> None:
    ended = chains("generate-key-pair", "--rotate", *filter(None, [reference]))
    assert "give k8s://NAMESPACE/SECRET" in ended.stderr


async def test_what_is_not_there_is_not_rotated(tmp_path: Path) -> None:
    async with KubernetesServer() as kubernetes:
        here = await cluster(kubernetes, tmp_path)
        ended = await here.chains("generate-key-pair", "--rotate", "-y", "k8s://audit/nobody")
        assert ended.exit_code == 1
        assert "does not exist" in ended.stderr
