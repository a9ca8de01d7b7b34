"""Registry credentials of service accounts."""

import asyncio
import base64
from contextlib import aclosing

import pytest

from chains.errors import EdgeError
from chains.kube.pull_secrets import DOCKER_CFG, DOCKER_CONFIG_JSON, PullSecrets
from chains.kube.resources import SECRETS, SERVICE_ACCOUNTS
from tests.kube.builders import ScriptedApi, connected, found, refused

ACCOUNT = SERVICE_ACCOUNTS.path("builds", "builder")


def account(secrets=(), pulls=()):
    named = {"secrets": [{"name": name} for name in secrets], "imagePullSecrets": [{"name": name} for name in pulls]}
    return found({"kind": "ServiceAccount"} | named)


def secret(type_, entry, content):
    return found({"kind": "Secret", "type": type_, "data": {entry: base64.b64encode(content).decode()}})


def api(account_answer, **secrets):
    script = ScriptedApi().on("GET", ACCOUNT, account_answer)
    for name, answer in secrets.items():
        script.on("GET", SECRETS.path("builds", name), answer)
    return script


def json_secret(content):
    return secret(DOCKER_CONFIG_JSON, ".dockerconfigjson", content)


def generic(content):
    return secret("Opaque", "config.json", content)


def names(script):
    return [asked.path.rpartition("/")[2] for asked in script.asked]


async def taken(secrets, count=99, service_account="builder"):
    documents = []
    async with aclosing(secrets.documents("builds", service_account)) as found_documents:
        async for document in found_documents:
            documents.append(document)
            if len(documents) == count:
                break
    return documents


async def test_secrets_come_before_image_pull_secrets_and_each_once(tmp_path):
    script = api(
        account(["push", "old"], ["pull", "push"]),
        push=json_secret(b"{1}"),
        old=secret(DOCKER_CFG, ".dockercfg", b"{2}"),
        pull=json_secret(b"{3}"),
    )
    async with connected(tmp_path, script) as client:
        documents = await taken(PullSecrets(client))
    assert documents == [(DOCKER_CONFIG_JSON, b"{1}"), (DOCKER_CFG, b"{2}"), (DOCKER_CONFIG_JSON, b"{3}")]


async def test_nothing_is_read_before_it_is_asked_for(tmp_path):
    script = api(account(["push", "old"], ["pull"]), push=json_secret(b"{1}"))
    async with connected(tmp_path, script) as client:
        assert len(await taken(PullSecrets(client), 1)) == 1
    assert names(script) == ["builder", "push"]


async def test_a_generic_secret_made_from_a_config_file_counts_under_secrets_only(tmp_path):
    script = api(account(["made"], ["also"]), made=generic(b"{1}"), also=generic(b"{2}"))
    async with connected(tmp_path, script) as client:
        assert await taken(PullSecrets(client)) == [(DOCKER_CONFIG_JSON, b"{1}")]


async def test_missing_secrets_and_those_of_other_kinds_are_passed_over(tmp_path):
    script = api(
        account(["gone", "token", "empty", "", "other", "push"]),
        token=secret("kubernetes.io/service-account-token", "token", b"t"),
        empty=found({"type": DOCKER_CONFIG_JSON}),
        other=secret("Opaque", "password", b"p"),
        push=json_secret(b"{1}"),
    )
    async with connected(tmp_path, script) as client:
        assert await taken(PullSecrets(client)) == [(DOCKER_CONFIG_JSON, b"{1}")]


async def test_no_name_means_the_default_account_and_a_missing_account_has_no_secrets(tmp_path):
    script = ScriptedApi()
    async with connected(tmp_path, script) as client:
        assert await taken(PullSecrets(client), service_account="") == []
    assert names(script) == ["default"]


async def test_what_may_not_be_read_raises(tmp_path):
    message = 'secrets "push" is forbidden: User "sa" cannot get resource "secrets" in API group ""'
    script = api(account(["push"]), push=refused(403, "Forbidden", message))
    async with connected(tmp_path, script) as client:
        with pytest.raises(EdgeError, match=r'resources: \["secrets"\], verbs: \["get"\]') as caught:
            await taken(PullSecrets(client))
    assert caught.value.transient


async def test_answers_are_remembered_for_a_while(tmp_path):
    now = [0.0]
    script = api(account(["push", "gone"]), push=json_secret(b"{1}"))
    async with connected(tmp_path, script) as client:
        secrets = PullSecrets(client, ttl=300, clock=lambda: now[0])
        for _ in range(3):
            assert await taken(secrets) == [(DOCKER_CONFIG_JSON, b"{1}")]
        assert names(script) == ["builder", "push", "gone"]
        now[0] = 301.0
        await taken(secrets)
    assert names(script) == ["builder", "push", "gone"] * 2


async def test_forgetting_reads_afresh_after_a_registry_refused(tmp_path):
    script = api(account(["push"]), push=json_secret(b"{1}"))
    async with connected(tmp_path, script) as client:
        secrets = PullSecrets(client)
        await taken(secrets)
        script.on("GET", SECRETS.path("builds", "push"), json_secret(b"{2}"))
        secrets.forget("builds", "builder")
        secrets.forget("builds", "unheard-of")
        assert await taken(secrets) == [(DOCKER_CONFIG_JSON, b"{2}")]


async def test_many_runs_at_once_ask_once(tmp_path):
    script = api(account(["push"]), push=json_secret(b"{1}"))
    async with connected(tmp_path, script) as client:
        secrets = PullSecrets(client)
        assert await asyncio.gather(*(taken(secrets) for _ in range(20))) == [[(DOCKER_CONFIG_JSON, b"{1}")]] * 20
    assert names(script) == ["builder", "push"]


async def test_a_failure_is_not_remembered(tmp_path):
    script = api(account(["push"]), push=refused(503, "ServiceUnavailable", "no"))
    async with connected(tmp_path, script) as client:
        secrets = PullSecrets(client)
        with pytest.raises(EdgeError):
            await taken(secrets)
        script.on("GET", SECRETS.path("builds", "push"), json_secret(b"{1}"))
        assert await taken(secrets) == [(DOCKER_CONFIG_JSON, b"{1}")]
