"""What is read without the library is what the library would have read."""

import asyncio
import sys
from pathlib import Path

import pytest
import yaml
from kubernetes_asyncio.client import Configuration
from kubernetes_asyncio.config import load_kube_config

from chains.errors import InputError
from chains.kube.connection import Connection, Surroundings
from chains.kube.credentials import plain_credentials, pod_credentials
from tests.kube.builders import write_kubeconfig
from tests.kube.certificates import Authority

SERVER = "https://cluster.example:6443/prefix/"


def plain(path: Path):
    return plain_credentials(path, {})


@pytest.mark.parametrize(
    ("cluster", "user"),
    [
        ({}, {"token": "sesame"}),
        ({"insecure-skip-tls-verify": True}, {"token": "sesame"}),
        ({"insecure-skip-tls-verify": False, "tls-server-name": "api"}, {"token": "sesame"}),
        ({"certificate-authority": "ca.pem"}, {"client-certificate": "me.pem", "client-key": "me.key"}),
        (
            {"certificate-authority": "ca.pem"},
            {"token": "sesame", "client-certificate": "me.pem", "client-key": "me.key"},
        ),
    ],
)
async def test_a_plain_kubeconfig_is_read_as_the_library_reads_it(tmp_path, cluster, user):
    for name in ("ca.pem", "me.pem", "me.key"):
        (tmp_path / name).write_text("content")
    path = write_kubeconfig(tmp_path, {"server": SERVER, **cluster}, user)
    found = plain(path)
    library = Configuration()
    await load_kube_config(config_file=str(path), client_configuration=library)
    assert found is not None
    assert found.endpoint.host == library.host
    assert found.endpoint.ca_file == library.ssl_ca_cert
    assert found.endpoint.certificate_file == library.cert_file
    assert found.endpoint.key_file == library.key_file
    assert found.endpoint.verify == library.verify_ssl
    assert found.endpoint.server_name == library.tls_server_name
    assert await found.authorization() == library.api_key.get("BearerToken", "")


@pytest.mark.parametrize(
    ("cluster", "user"),
    [
        ({}, {"exec": {"command": "login"}}),
        ({}, {"auth-provider": {"name": "oidc"}}),
        ({}, {"tokenFile": "token"}),
        ({}, {"username": "me", "password": "pass"}),
        ({}, {"token": ""}),
        ({}, {"token": 7}),
        ({"certificate-authority-data": "AAAA"}, {"token": "sesame"}),
        ({"proxy-url": "http://proxy.example"}, {"token": "sesame"}),
    ],
)
def test_anything_more_is_left_to_the_library(tmp_path, cluster, user):
    assert plain(write_kubeconfig(tmp_path, {"server": SERVER, **cluster}, user)) is None


def test_a_second_entry_of_one_name_is_left_to_the_library(tmp_path):
    path = write_kubeconfig(tmp_path, {"server": SERVER}, {"token": "sesame"})
    content = yaml.safe_load(path.read_text())
    content["users"] *= 2
    path.write_text(yaml.safe_dump(content))
    assert plain(path) is None


def test_a_quoted_word_does_not_turn_verification_off(tmp_path):
    path = write_kubeconfig(tmp_path, {"server": SERVER, "insecure-skip-tls-verify": "false"}, {"token": "sesame"})
    with pytest.raises(InputError, match=r"insecure-skip-tls-verify .* is neither true nor false"):
        plain(path)


def test_several_kubeconfigs_are_left_to_the_library(tmp_path):
    path = write_kubeconfig(tmp_path, {"server": SERVER}, {"token": "sesame"})
    assert plain(Path(f"{path}:{path}")) is None


@pytest.mark.parametrize(("token", "authority"), [("", "content"), ("token", ""), ("t\N{BULLET}", "content")])
def test_a_pod_with_an_unusable_file_says_which(tmp_path, token, authority):
    (tmp_path / "token").write_text(token)
    (tmp_path / "ca.crt").write_text(authority)
    with pytest.raises(InputError, match="the pod's service account cannot be used: "):
        pod_credentials(tmp_path, {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"})


@pytest.mark.parametrize(("host", "url"), [("10.0.0.1", "https://10.0.0.1:443"), ("fd00::1", "https://[fd00::1]:443")])
def test_a_pods_api_is_where_its_environment_says(tmp_path, host, url):
    (tmp_path / "token").write_text("token\n")
    (tmp_path / "ca.crt").write_text("content")
    found = pod_credentials(tmp_path, {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": "443"})
    assert found.endpoint.host == url
    assert asyncio.run(found.authorization()) == "Bearer token"


PROGRAM = """
import asyncio, sys
from pathlib import Path
from chains.kube.connection import Connection, Surroundings

async def main():
    around = Surroundings({"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}, Path(sys.argv[1]))
    await (await Connection.open(None, around)).close()

asyncio.run(main())
sys.exit("kubernetes_asyncio" in sys.modules)
"""


async def test_a_pod_connects_without_the_library(tmp_path):
    Authority.create(tmp_path)
    (tmp_path / "token").write_text("token")
    started = await asyncio.create_subprocess_exec(sys.executable, "-c", PROGRAM, str(tmp_path))
    assert await started.wait() == 0


async def test_a_token_written_anew_is_taken_after_a_refusal(tmp_path):
    path = write_kubeconfig(tmp_path, {"server": SERVER}, {"token": "old"})
    connection = await Connection.open(str(path), Surroundings({}))
    write_kubeconfig(tmp_path, {"server": SERVER}, {"token": "new"})
    assert await connection.renew("Bearer old", connection.session)
    assert await connection.authorization() == "Bearer new"
    await connection.close()
