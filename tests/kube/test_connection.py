"""Where credentials come from, and how they are renewed."""

import asyncio
import base64
import json
import sys
from pathlib import Path

import pytest

from chains.errors import EdgeError, InputError
from chains.kube.connection import Connection, Surroundings
from tests.kube.builders import ScriptedApi, connect, connected, found, refused, served, write_kubeconfig
from tests.kube.certificates import Authority

PATH = "/api/v1/namespaces/builds/secrets/one"
UNAUTHORIZED = refused(401, "Unauthorized", "Unauthorized")


def api(*answers):
    return ScriptedApi().on("GET", PATH, *(answers or (found({"kind": "Secret"}),)))


def authorizations(script):
    return [asked.headers.get("authorization") for asked in script.asked]


async def read_once(script, **connecting):
    client = await connect(**connecting)
    try:
        return await client.get(PATH)
    finally:
        await client.close()


async def test_a_kubeconfigs_token_goes_with_each_request(tmp_path):
    script = api()
    async with connected(tmp_path, script, {"token": "sesame"}) as client:
        await client.get(PATH)
        await client.get(PATH)
    assert authorizations(script) == ["Bearer sesame"] * 2


async def test_a_user_name_and_password_are_basic_credentials(tmp_path):
    script = api()
    async with connected(tmp_path, script, {"username": "me", "password": "pass"}) as client:
        await client.get(PATH)
    assert authorizations(script) == ["Basic " + base64.b64encode(b"me:pass").decode()]


async def test_a_token_file_may_end_in_a_newline_and_is_read_again_after_a_401(tmp_path):
    token = tmp_path / "token"
    token.write_text("old\n")
    script = api(UNAUTHORIZED, found({"kind": "Secret"}))
    async with connected(tmp_path, script, {"tokenFile": str(token)}) as client:
        token.write_text("new\n")
        assert await client.get(PATH) is not None
    assert authorizations(script) == ["Bearer old", "Bearer new"]


async def test_a_token_that_stays_refused_is_asked_with_once_and_the_sentence_says_what_helps(tmp_path):
    script = api(UNAUTHORIZED)
    async with connected(tmp_path, script) as client:
        with pytest.raises(EdgeError, match=r"get secrets 'one' in namespace 'builds'.*renew the token") as caught:
            await client.get(PATH)
    assert caught.value.transient
    assert "first" not in str(caught.value)
    assert authorizations(script) == ["Bearer first"]


def plugin(folder, tokens):
    """Write an exec plugin that gives out a token per call."""
    return certificate_plugin(folder, [{"token": token} for token in tokens])


def certificate_plugin(folder, credentials):
    """Write an exec plugin that gives out other credentials on each call."""
    program = folder / "plugin.py"
    left = folder / "tokens.json"
    left.write_text(json.dumps(credentials))
    program.write_text(
        "import json, pathlib\n"
        f"left = pathlib.Path({str(left)!r})\n"
        "status, *rest = json.loads(left.read_text())\n"
        "left.write_text(json.dumps(rest))\n"
        "print(json.dumps({'apiVersion': 'client.authentication.k8s.io/v1', 'kind': 'ExecCredential',"
        " 'status': status}))\n"
    )
    command = {"apiVersion": "client.authentication.k8s.io/v1", "command": sys.executable, "args": [str(program)]}
    return {"exec": command}


async def test_an_exec_plugin_is_run_again_after_a_401(tmp_path):
    script = api(UNAUTHORIZED, found({"kind": "Secret"}))
    async with connected(tmp_path, script, plugin(tmp_path, ["one", "two"])) as client:
        assert await client.get(PATH) is not None
    assert authorizations(script) == ["Bearer one", "Bearer two"]


async def test_a_certificate_from_an_exec_plugin_is_replaced_after_a_401(tmp_path):
    authority = Authority.create(tmp_path)
    shown = []

    async def answer(request):
        shown.append(request.transport.get_extra_info("peercert")["subject"][0][0][1])
        return await (UNAUTHORIZED if len(shown) == 1 else found({"kind": "Secret"}))(request)

    credentials = []
    for name in ("one", "two"):
        issued = authority.issue(name)
        pair = {"clientCertificateData": issued.certificate.read_text(), "clientKeyData": issued.key.read_text()}
        credentials.append(pair)
    script = ScriptedApi().on("GET", PATH, answer)
    async with served(script, authority.server(client_certificates=True)):
        cluster = {"server": script.host, "certificate-authority": str(authority.file)}
        path = write_kubeconfig(tmp_path, cluster, certificate_plugin(tmp_path, credentials))
        assert await read_once(script, kubeconfig=str(path)) is not None
    assert shown == ["one", "two"]


async def test_an_exec_plugin_that_fails_later_is_transient(tmp_path):
    script = api(UNAUTHORIZED)
    async with connected(tmp_path, script, plugin(tmp_path, ["one"])) as client:
        with pytest.raises(EdgeError, match="new credentials cannot be had") as caught:
            await client.get(PATH)
    assert caught.value.transient


async def test_an_exec_plugin_that_does_not_exist_is_said(tmp_path):
    user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "/no/such/plugin"}}
    path = write_kubeconfig(tmp_path, {"server": "http://127.0.0.1:1"}, user)
    with pytest.raises(InputError, match=f"the kubeconfig {path} cannot be used: .*/no/such/plugin"):
        await connect(str(path))


async def test_the_variable_names_a_kubeconfig_or_several(tmp_path):
    script = api()
    async with served(script):
        path = write_kubeconfig(tmp_path, {"server": script.host}, {"token": "of-the-variable"})
        await read_once(script, environ={"KUBECONFIG": f"/no/such/file:{path}"})
    assert authorizations(script) == ["Bearer of-the-variable"]


async def test_the_path_given_comes_before_the_variable(tmp_path):
    script = api()
    async with served(script):
        given = write_kubeconfig(tmp_path, {"server": script.host}, {"token": "given"}, "given")
        other = write_kubeconfig(tmp_path, {"server": script.host}, {"token": "other"}, "other")
        await read_once(script, kubeconfig=str(given), environ={"KUBECONFIG": str(other)})
    assert authorizations(script) == ["Bearer given"]


async def test_the_home_folder_comes_last(tmp_path):
    (tmp_path / ".kube").mkdir()
    script = api()
    async with served(script):
        write_kubeconfig(tmp_path / ".kube", {"server": script.host}, {"token": "home"}, "config")
        await read_once(script, environ={"HOME": str(tmp_path), "KUBERNETES_SERVICE_HOST": "10.0.0.1"})
    assert authorizations(script) == ["Bearer home"]


def pod(folder: Path, script, token: str):
    """Lay out a pod's credentials and return its environment."""
    (folder / "token").write_text(token)
    host, port = script.host.removeprefix("https://").split(":")
    return {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port}


async def test_a_pod_uses_its_service_account_over_tls_and_reads_a_rotated_token(tmp_path):
    authority = Authority.create(tmp_path)
    script = api(found({"kind": "Secret"}), UNAUTHORIZED, found({"kind": "Secret"}))
    async with served(script, authority.server()):
        client = await connect(environ=pod(tmp_path, script, "old"), pod=tmp_path)
        await client.get(PATH)
        (tmp_path / "token").write_text("new")
        await client.get(PATH)
        await client.close()
    assert authorizations(script) == ["Bearer old", "Bearer old", "Bearer new"]


async def test_two_requests_refused_together_renew_the_credentials_once(tmp_path):
    script = api(found({"kind": "Secret"}))
    async with served(script):
        path = write_kubeconfig(tmp_path, {"server": script.host}, plugin(tmp_path, ["one", "two", "three"]))
        connection = await Connection.open(str(path), Surroundings({}))
        assert await connection.renew("Bearer one", connection.session)
        assert await connection.renew("Bearer one", connection.session)
        assert await connection.authorization() == "Bearer two"
        await connection.close()


async def test_a_pod_without_its_token_says_so(tmp_path):
    with pytest.raises(InputError, match=f"there is no {tmp_path}/token, and {tmp_path}/.kube/config does not exist"):
        await connect(environ={"KUBERNETES_SERVICE_HOST": "10.0.0.1", "HOME": str(tmp_path)}, pod=tmp_path)


async def test_a_pod_without_an_authority_says_so(tmp_path):
    (tmp_path / "token").write_text("token")
    environ = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}
    with pytest.raises(InputError, match=r"the pod's service account cannot be used: .*certification file"):
        await connect(environ=environ, pod=tmp_path)


async def test_a_pods_token_that_vanishes_later_is_transient(tmp_path):
    authority = Authority.create(tmp_path)
    script = api(UNAUTHORIZED)
    async with served(script, authority.server()):
        client = await connect(environ=pod(tmp_path, script, "old"), pod=tmp_path)
        (tmp_path / "token").unlink()
        with pytest.raises(EdgeError, match="new credentials cannot be had") as caught:
            await client.get(PATH)
        await client.close()
    assert caught.value.transient


async def test_nothing_at_all_says_what_was_tried_and_what_helps(tmp_path):
    tried = "--kubeconfig is not given, .KUBECONFIG is not set, this is not a pod, and .*/.kube/config does not exist"
    with pytest.raises(InputError, match=f"{tried}; name a kubeconfig with --kubeconfig"):
        await connect(environ={"HOME": str(tmp_path)})


async def test_a_missing_kubeconfig_is_named():
    with pytest.raises(InputError, match="the kubeconfig /no/such/file does not exist"):
        await connect("/no/such/file")
    with pytest.raises(InputError, match=r"\$KUBECONFIG names /no/such/file, and there is no such file"):
        await connect(environ={"KUBECONFIG": "/no/such/file"})


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "just words",
        "{",
        "clusters: 1",
        "current-context: x",
        "\x00",
        "contexts: [{name: a}]\ncurrent-context: a",
    ],
)
async def test_what_is_no_kubeconfig_is_one_sentence(tmp_path, content):
    path = tmp_path / "kubeconfig"
    path.write_text(content)
    with pytest.raises(InputError, match=f"the kubeconfig {path} (cannot be used|is not laid out)"):
        await connect(str(path))


@pytest.mark.parametrize("server", ["ftp://cluster", "cluster:6443", "http://", "http://[::1"])
async def test_an_address_that_is_no_url_is_refused(tmp_path, server):
    path = write_kubeconfig(tmp_path, {"server": server}, {"token": "x"})
    with pytest.raises(InputError, match=r"the Kubernetes API's address .* is not an? "):
        await connect(str(path))


async def test_a_path_before_the_api_is_kept(tmp_path):
    script = ScriptedApi().on("GET", f"/k8s/clusters/c-1{PATH}", found({"kind": "Secret"}))
    async with served(script):
        path = write_kubeconfig(tmp_path, {"server": f"{script.host}/k8s/clusters/c-1/"}, {"token": "x"})
        assert await read_once(script, kubeconfig=str(path)) is not None


async def test_the_library_is_loaded_only_to_connect():
    program = "import sys, chains.kube.watch, chains.kube.secret; sys.exit('kubernetes_asyncio' in sys.modules)"
    started = await asyncio.create_subprocess_exec(sys.executable, "-W", "ignore", "-c", program)
    assert await started.wait() == 0
