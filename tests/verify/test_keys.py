"""Public keys by reference: from a cluster, over the network, in every form; and what makes and shows them."""

import asyncio
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from chains.demo.kubernetes.server import KubernetesServer
from chains.demo.listening import HOST, listening
from chains.keys.generate import generate_key_pair
from chains.keys.secret import signer_from_secret
from chains.keys.verifier import KeyVerifier
from tests.verify.recordings import IGNORED, WORKDIR, Ended, chains, recorded_registry

PUBLIC = (WORKDIR / "k25/cosign.pub").read_text()


async def verified(key: str, env: Mapping[str, str] | None = None) -> Ended:
    """Verify the recorded image with a key reference, while this loop serves what the reference needs."""

    def verify() -> Ended:
        with recorded_registry("c25/app") as server:
            return chains("verify", "--key", key, IGNORED, f"{server.address}/c25/app:v1", env=env)

    return await asyncio.to_thread(verify)


@asynccontextmanager
async def published(body: bytes, status: int = 200) -> AsyncIterator[str]:
    """Serve one text over HTTP on this machine."""

    async def answer(request: web.BaseRequest) -> web.Response:
        return web.Response(body=body, status=status)

    async with listening(web.ServerRunner(web.Server(answer))) as port:
        yield f"http://{HOST}:{port}/cosign.pub"


async def test_a_key_in_a_cluster_is_read_from_a_config_map_or_a_secret(tmp_path: Path) -> None:
    env = {"KUBECONFIG": str(tmp_path / "kubeconfig")}
    async with KubernetesServer() as kubernetes:
        (tmp_path / "kubeconfig").write_text(kubernetes.kubeconfig())
        named = {"name": "keys", "namespace": "audit"}
        await kubernetes.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "audit"}})
        await kubernetes.apply(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": named, "data": {"cosign.pub": PUBLIC}}
        )
        await kubernetes.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": named | {"name": "empty"}})
        await kubernetes.apply(
            {"apiVersion": "v1", "kind": "Secret", "metadata": named, "stringData": {"cosign.pub": PUBLIC}}
        )
        for reference in ("k8s-cm://audit/keys", "k8s://audit/keys"):
            ended = await verified(reference, env)
            assert ended.exit_code == 0, ended.stderr
        assert "has no entry cosign.pub" in (await verified("k8s-cm://audit/empty", env)).stderr
        assert "does not exist" in (await verified("k8s-cm://audit/nobody", env)).stderr


ADDRESS = "http://user:hunter2@127.0.0.1:1/cosign.pub"
LOGGED = ("verify", "--key", "k25/cosign.pub", "--trusted-root", "k25/cosign.pub")


@pytest.mark.parametrize(
    "told",
    [
        ("audit", "--key", ADDRESS, IGNORED, "-o", "json", "r.example.com/a"),
        ("verify", "--key", ADDRESS, IGNORED, "r.example.com/a"),
        ("verify", "--key", "ftp://hunter2@host", IGNORED, "r.example.com/a"),
        ("public-key", "--key", ADDRESS),
        ("initialize", "--root", "k25/cosign.pub", "--mirror", ADDRESS),
        ("initialize", "--root", "k25/cosign.pub", "--mirror", "user:hunter2@host"),
        *(
            (*LOGGED, "--rekor-url", url, "127.0.0.1:1/a/b")
            for url in (ADDRESS, "hunter2@host", "http://user:hunter2@host:port", "ftp://u:hunter2@host")
        ),
    ],
)
def test_an_address_with_a_password_is_refused_and_not_repeated(told: tuple[str, ...], tmp_path: Path) -> None:
    ended = chains(*told, env={"TUF_ROOT": str(tmp_path)})
    assert ended.exit_code == 1
    assert "user or password" in ended.stderr
    assert "hunter2" not in ended.stdout + ended.stderr
    assert not list(tmp_path.iterdir())


async def test_a_published_key_is_fetched() -> None:
    async with published(PUBLIC.encode()) as address:
        assert (await verified(address)).exit_code == 0
    async with published(b"gone", 404) as address:
        assert "answered 404" in (await verified(address)).stderr


async def test_an_audit_waits_for_a_published_key_no_longer_than_it_may() -> None:
    asked = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        asked.set()
        writer.close()

    async with await asyncio.start_server(silent, HOST, 0) as server:
        address = f"http://{HOST}:{server.sockets[0].getsockname()[1]}/cosign.pub"
        told = ("audit", "--key", address, IGNORED, "--timeout", "1s", "127.0.0.1:1/a/b")
        ended = await asyncio.to_thread(chains, *told)
        await asked.wait()
    assert ended.exit_code == 1
    assert f"{address}: it did not come within 1s" in ended.stderr


def test_an_rsa_key_may_be_in_its_own_form() -> None:
    public = rsa.generate_private_key(65537, 2048).public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.PKCS1)
    assert pem.startswith(b"-----BEGIN RSA PUBLIC KEY")
    assert KeyVerifier.from_pem(pem).kind == "RSA 2048"


def test_a_key_is_imported_as_cosign_keeps_it_and_shows_its_public_half(tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 2048)
    (tmp_path / "plain.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    env = {"COSIGN_PASSWORD": "pw"}
    ended = chains("import-key-pair", "-k", "plain.pem", env=env, cwd=tmp_path)
    assert ended.exit_code == 0, ended.stderr
    private, public = tmp_path / "import-cosign.key", tmp_path / "import-cosign.pub"
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert signer_from_secret({"cosign.key": private.read_bytes(), "cosign.password": b"pw"}).kind == "RSA 2048"
    shown = chains("public-key", "--key", "import-cosign.key", env=env, cwd=tmp_path)
    assert shown.stdout == public.read_text()
    chains("public-key", "--key", "plain.pem", "--outfile", "out.pub", cwd=tmp_path)
    assert (tmp_path / "out.pub").read_text() == public.read_text()


async def test_the_public_half_is_shown_of_every_place_a_key_may_be_at(tmp_path: Path) -> None:
    pair = generate_key_pair(b"pw")
    public = pair.public_pem.decode()
    (tmp_path / "cosign.key").write_bytes(pair.private_pem)
    private = {"KEY": pair.private_pem.decode(), "COSIGN_PASSWORD": "pw"}
    for reference in (str(tmp_path / "cosign.key"), "env://KEY"):
        shown = await asyncio.to_thread(chains, "public-key", "--key", reference, env=private)
        assert shown.stdout == public, shown.stderr
    env = {"KUBECONFIG": str(tmp_path / "kubeconfig")}
    async with KubernetesServer() as kubernetes, published(pair.public_pem) as address:
        (tmp_path / "kubeconfig").write_text(kubernetes.kubeconfig())
        named = {"name": "keys", "namespace": "audit"}
        await kubernetes.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "audit"}})
        await kubernetes.apply(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": named, "data": {"cosign.pub": public}}
        )
        secret = {"cosign.key": private["KEY"], "cosign.password": private["COSIGN_PASSWORD"]}
        await kubernetes.apply({"apiVersion": "v1", "kind": "Secret", "metadata": named, "stringData": secret})
        for reference in (address, "k8s-cm://audit/keys", "k8s://audit/keys"):
            ended = await asyncio.to_thread(chains, "public-key", "--key", reference, env=env)
            assert ended.stdout == public, ended.stderr


@pytest.mark.parametrize("command", [("public-key",), ("import-key-pair",), ("verify", IGNORED, "a/b")])
@pytest.mark.parametrize(("reference", "said"), [("gcpkms://x", "are not built yet"), ("ftp://x", "is no place")])
def test_a_key_that_is_nowhere_we_look_is_refused_alike(command: tuple[str, ...], reference: str, said: str) -> None:
    ended = chains(*command, "--key", reference)
    assert ended.exit_code == 1
    assert said in ended.stderr
    assert "env://" in ended.stderr


def test_a_key_is_imported_from_a_variable_and_over_an_old_one_when_told_to(tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    (tmp_path / "import-cosign.pub").write_text("old")
    ended = chains("import-key-pair", "-y", "-k", "env://KEY", env={"KEY": pem, "COSIGN_PASSWORD": ""}, cwd=tmp_path)
    assert ended.exit_code == 0, ended.stderr
    assert (tmp_path / "import-cosign.pub").read_text().startswith("-----BEGIN PUBLIC KEY")


@pytest.mark.parametrize("local", [True, False])
def test_offline_connects_to_nothing_but_the_registry(local: bool) -> None:
    watch = (
        "import runpy, sys\n"
        "def heard(event, arguments):\n"
        "    if event == 'socket.connect' and isinstance(arguments[1], tuple):\n"
        "        print('connected', *arguments[1][:2], file=sys.stderr)\n"
        "sys.addaudithook(heard)\n"
        "runpy.run_module('chains', run_name='__main__')\n"
    )
    with recorded_registry("c25/app") as server:
        images = ["--local-image", "save25"] if local else [f"{server.address}/c25/app:v1"]
        command = [sys.executable, "-c", watch, "verify", "--offline", "--key", "k25/cosign.pub", IGNORED, *images]
        ended = subprocess.run(command, cwd=WORKDIR, capture_output=True, text=True, timeout=60, check=False)
        there = {"connected {} {}".format(*server.address.split(":"))}
    assert ended.returncode == 0, ended.stderr
    connected = {line for line in ended.stderr.splitlines() if line.startswith("connected")}
    assert connected == (set() if local else there)
