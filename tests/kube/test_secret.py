"""The Secret of the signing key."""

import base64

import pytest

from chains.errors import EdgeError, InputError
from chains.keys.keyring import SecretSource as KeySource
from chains.kube.refusals import ConflictError
from chains.kube.resources import SECRETS
from chains.kube.secret import SecretSource, write_key_pair_secret
from tests.kube.builders import ScriptedApi, connected, found, refused

ALL = SECRETS.path("tekton-chains")
PATH = SECRETS.path("tekton-chains", "signing-secrets")
PAIR = {"cosign.key": b"key", "cosign.password": b"pass", "cosign.pub": b"pub"}


def encoded(files):
    return {name: base64.b64encode(content).decode() for name, content in files.items()}


def secret(files, **more):
    metadata = {"name": "signing-secrets", "namespace": "tekton-chains", "resourceVersion": "41", "labels": {"a": "b"}}
    held = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "data": encoded(files)}
    return held | more


async def read(tmp_path, *answers):
    async with connected(tmp_path, ScriptedApi().on("GET", PATH, *answers)) as client:
        source: KeySource = SecretSource(client, "tekton-chains", "signing-secrets")
        assert source.name == "the Secret tekton-chains/signing-secrets"
        return await source.read()


async def test_the_entries_are_read_decoded(tmp_path):
    assert await read(tmp_path, found(secret({"cosign.key": b"\x00\xff", "empty": b""}))) == {
        "cosign.key": b"\x00\xff",
        "empty": b"",
    }


async def test_a_secret_without_entries_is_empty(tmp_path):
    assert await read(tmp_path, found({"kind": "Secret", "metadata": {}})) == {}


async def test_a_missing_secret_says_what_makes_one(tmp_path):
    with pytest.raises(EdgeError, match="chains generate-key-pair k8s://tekton-chains/signing-secrets") as caught:
        await read(tmp_path)
    assert not caught.value.transient


async def test_a_secret_that_may_not_be_read_names_the_rule(tmp_path):
    message = 'secrets "signing-secrets" is forbidden: User "sa" cannot get resource "secrets"'
    with pytest.raises(EdgeError, match=r'resources: \["secrets"\], verbs: \["get"\]') as caught:
        await read(tmp_path, refused(403, "Forbidden", message))
    assert caught.value.transient


async def test_an_entry_that_is_not_base64_is_refused_without_being_shown(tmp_path):
    with pytest.raises(
        EdgeError, match="the Secret tekton-chains/signing-secrets holds an entry that is not"
    ) as caught:
        await read(tmp_path, found({"data": {"cosign.key": "sesame!"}}))
    assert "sesame" not in str(caught.value)


async def test_what_is_no_secret_is_transient_and_not_shown(tmp_path):
    with pytest.raises(EdgeError, match="something other than a Secret") as caught:
        await read(tmp_path, found({"data": ["sesame"]}))
    assert caught.value.transient
    assert "sesame" not in str(caught.value)


async def test_a_new_key_pair_becomes_an_immutable_secret(tmp_path):
    script = ScriptedApi().on("POST", ALL, found({}, 201))
    async with connected(tmp_path, script) as client:
        assert await write_key_pair_secret(client, "tekton-chains", "signing-secrets", PAIR) is True
    created = script.asked[-1].json
    assert created["metadata"] == {"name": "signing-secrets", "namespace": "tekton-chains"}
    assert (created["kind"], created["type"], created["immutable"]) == ("Secret", "Opaque", True)
    assert created["data"] == encoded(PAIR)


async def test_an_existing_secret_keeps_its_other_entries_and_its_metadata(tmp_path):
    held = secret({"other": b"kept", "cosign.pub": b"old"}, weird={"a": 1})
    script = ScriptedApi().on("GET", PATH, found(held)).on("PUT", PATH, found({}))
    async with connected(tmp_path, script) as client:
        assert await write_key_pair_secret(client, "tekton-chains", "signing-secrets", PAIR) is False
    assert script.asked[-1].json == held | {"data": encoded({"other": b"kept"} | PAIR), "immutable": True}


async def test_an_immutable_secret_is_left_alone_and_the_sentence_says_how_to_rotate(tmp_path):
    script = ScriptedApi().on("GET", PATH, found(secret(PAIR, immutable=True))).on("PUT", PATH, found({}))
    async with connected(tmp_path, script) as client:
        with pytest.raises(InputError, match=r"is immutable: to rotate the key, .*delete the Secret"):
            await write_key_pair_secret(client, "tekton-chains", "signing-secrets", PAIR)
    assert [asked.method for asked in script.asked] == ["GET"]


async def test_a_secret_that_changes_meanwhile_is_a_conflict(tmp_path):
    script = ScriptedApi().on("GET", PATH, found(secret({}))).on("PUT", PATH, refused(409, "Conflict", "modified"))
    async with connected(tmp_path, script) as client:
        with pytest.raises(ConflictError, match="update secrets 'signing-secrets'"):
            await write_key_pair_secret(client, "tekton-chains", "signing-secrets", PAIR)
        del script.answers["PUT", PATH]
        with pytest.raises(ConflictError, match="was deleted while it was being written"):
            await write_key_pair_secret(client, "tekton-chains", "signing-secrets", PAIR)
