"""Key pairs in Kubernetes Secrets go both ways between us and both cosigns."""

from pathlib import Path

import pytest

from chains.demo.kubernetes.server import KubernetesServer
from chains.keys.secret import signer_from_secret
from chains.kube.client import KubeClient
from chains.kube.secret import SecretSource
from tests.peers.bench import write
from tests.peers.cosign import Cosign, both_cosigns
from tests.peers.programs import chains

pytestmark = [pytest.mark.peers, both_cosigns]

REFERENCE = "k8s://tekton-chains/signing-secrets"


async def with_namespace(server: KubernetesServer, folder: Path) -> dict[str, str]:
    """Lay out what an administrator has, and return the environment that reaches it."""
    await server.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "tekton-chains"}})
    return {"KUBECONFIG": str(write(folder / "kubeconfig", server.kubeconfig().encode()))}


async def test_the_secret_that_cosign_makes_opens_here(cosign_name, tmp_path):
    async with KubernetesServer() as server:
        settings = await with_namespace(server, tmp_path)
        cosign = Cosign(cosign_name, tmp_path, settings)

        made = await cosign.call("generate-key-pair", REFERENCE)
        assert made.succeeded, made

        client = await KubeClient.connect(settings["KUBECONFIG"])
        try:
            files = await SecretSource(client, "tekton-chains", "signing-secrets").read()
        finally:
            await client.close()
        assert signer_from_secret(files).public_pem == (tmp_path / "cosign.pub").read_bytes()


async def test_cosign_signs_with_the_secret_that_we_make(cosign_name, tmp_path):
    async with KubernetesServer() as server:
        settings = await with_namespace(server, tmp_path)
        cosign = Cosign(cosign_name, tmp_path, settings)

        made = await chains(tmp_path, "generate-key-pair", REFERENCE, env=settings)
        shown = await cosign.call("public-key", "--key", REFERENCE)
        signed = await cosign.sign_blob(REFERENCE, write(tmp_path / "blob", b"blob"))
        verified = await cosign.verify_blob(tmp_path / "cosign.pub", tmp_path / "blob.signed", tmp_path / "blob")

        assert made.succeeded, made
        assert shown.out.strip() == (tmp_path / "cosign.pub").read_bytes().strip(), shown
        assert signed.succeeded, signed
        assert verified.succeeded, verified
