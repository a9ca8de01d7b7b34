"""One request at a time: what comes back, and what each refusal says."""

import pytest

from chains.errors import EdgeError, InputError
from chains.kube.client import KubeClient
from chains.kube.refusals import ConflictError, ExpiredError, InvalidError
from chains.kube.resources import EVENTS, SECRETS, TASK_RUNS, Target
from tests.kube.builders import (
    ScriptedApi,
    connect,
    connected,
    dropped,
    found,
    refused,
    run,
    silent,
    text,
    write_kubeconfig,
)

PATH = TASK_RUNS.path("builds", "one")
ALL = TASK_RUNS.path("builds")
CANNOT = 'taskruns.tekton.dev "one" is forbidden: User "sa" cannot {} resource "taskruns" in API group "tekton.dev"'


async def failing(tmp_path, *answers, seconds=10.0):
    async with connected(tmp_path, ScriptedApi().on("GET", PATH, *answers), seconds=seconds) as client:
        with pytest.raises(EdgeError) as caught:
            await client.get(PATH)
    return caught.value


def test_paths_name_core_and_group_resources():
    assert PATH == "/apis/tekton.dev/v1/namespaces/builds/taskruns/one"
    assert TASK_RUNS.path() == "/apis/tekton.dev/v1/taskruns"
    assert SECRETS.path("a", "b") == "/api/v1/namespaces/a/secrets/b"


def test_a_name_cannot_leave_its_place_in_a_path():
    assert SECRETS.path("a", "b/../c?d") == "/api/v1/namespaces/a/secrets/b%2F..%2Fc%3Fd"
    for name in ("", ".", ".."):
        with pytest.raises(InputError, match="cannot be the name of a Secret"):
            SECRETS.path("a", name)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (PATH, "taskruns.tekton.dev 'one' in namespace 'builds'"),
        (TASK_RUNS.path(), "taskruns.tekton.dev"),
        (SECRETS.path("a"), "secrets in namespace 'a'"),
        ("/api/v1/namespaces/a", "namespaces 'a'"),
        ("/version", "/version"),
        ("/api", "/api"),
    ],
)
def test_a_path_is_told_in_words(path, words):
    assert str(Target.of(path)) == words


async def test_an_object_comes_as_its_bytes_and_a_missing_one_as_none(tmp_path):
    async with connected(tmp_path, ScriptedApi().on("GET", PATH, text(200, '{"kind": "TaskRun"}'))) as client:
        assert await client.get(PATH) == b'{"kind": "TaskRun"}'
        assert await client.get(SECRETS.path("builds", "none")) is None


async def test_requests_declare_what_they_send(tmp_path):
    script = ScriptedApi().on("PATCH", PATH, found({})).on("POST", ALL, found({}, 201)).on("PUT", PATH, found({}))
    async with connected(tmp_path, script) as client:
        await client.merge_patch(PATH, b"{}")
        await client.create(ALL, b"{}")
        await client.replace(PATH, b"{}")
    assert [(asked.method, asked.headers["content-type"], asked.query) for asked in script.asked] == [
        ("PATCH", "application/merge-patch+json", {"fieldManager": "tekton-chains-controller"}),
        ("POST", "application/json", {}),
        ("PUT", "application/json", {}),
    ]
    assert all(asked.body == b"{}" for asked in script.asked)


async def test_patching_replacing_and_deleting_what_is_gone_is_no_error(tmp_path):
    async with connected(tmp_path, ScriptedApi()) as client:
        assert await client.merge_patch(PATH, b"{}") is None
        assert await client.replace(PATH, b"{}") is None
        assert await client.delete(PATH) is False


async def test_deleting_says_that_there_was_one(tmp_path):
    async with connected(tmp_path, ScriptedApi().on("DELETE", PATH, found({"status": "Success"}))) as client:
        assert await client.delete(PATH) is True


async def test_creating_in_a_namespace_that_is_not_there_says_so(tmp_path):
    async with connected(tmp_path, ScriptedApi()) as client:
        with pytest.raises(
            EdgeError, match=r"create events in namespace 'gone'.*does namespace 'gone' exist"
        ) as caught:
            await client.create(EVENTS.path("gone"), b"{}")
    assert caught.value.transient


@pytest.mark.parametrize("code", [408, 425, 429, 500, 502, 503, 504])
async def test_a_passing_refusal_is_transient(tmp_path, code):
    error = await failing(tmp_path, refused(code, "Some", "not now"))
    assert (error.transient, error.retry_after) == (True, None)
    assert f"get taskruns.tekton.dev 'one' in namespace 'builds': HTTP {code} (not now)" in str(error)


@pytest.mark.parametrize("code", [302, 400, 405, 406, 413, 415])
async def test_a_lasting_refusal_is_permanent(tmp_path, code):
    assert not (await failing(tmp_path, refused(code, "Some", "never"))).transient


@pytest.mark.parametrize(("given", "kept"), [("7", 7.0), ("100000", 300.0), ("-1", None), ("soon", None), ("²", None)])
async def test_the_wait_asked_for_is_kept_within_bounds(tmp_path, given, kept):
    assert (await failing(tmp_path, text(429, "slow down", Retry_After=given))).retry_after == kept


async def test_the_wait_may_stand_in_the_status(tmp_path):
    error = await failing(tmp_path, refused(503, "ServiceUnavailable", "no", {"retryAfterSeconds": 3}))
    assert error.retry_after == 3.0


async def test_a_plain_text_refusal_is_quoted_and_cut(tmp_path):
    error = await failing(tmp_path, text(503, "no\n healthy  upstream" + "x" * 10_000))
    assert "HTTP 503 (no healthy upstream" in str(error)
    assert len(str(error)) < 500


async def test_forbidden_names_the_rule_that_helps(tmp_path):
    error = await failing(tmp_path, refused(403, "Forbidden", CANNOT.format("get")))
    assert error.transient
    assert (
        "a Role bound in that namespace to this service account, with the rule "
        '{apiGroups: ["tekton.dev"], resources: ["taskruns"], verbs: ["get"]}, helps'
    ) in str(error)


async def test_forbidden_everywhere_wants_a_cluster_role(tmp_path):
    script = ScriptedApi().on("GET", TASK_RUNS.path(), refused(403, "Forbidden", CANNOT.format("list")))
    async with connected(tmp_path, script) as client:
        with pytest.raises(EdgeError, match=r'a ClusterRole bound .* verbs: \["list"\]'):
            await anext(client.list_pages(TASK_RUNS))


async def test_forbidden_by_a_quota_names_no_rule(tmp_path):
    error = await failing(tmp_path, refused(403, "Forbidden", 'pods "x" is forbidden: exceeded quota'))
    assert "rule" not in str(error)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (400, 'admission webhook "validation.webhook.pipeline.tekton.dev" denied the request: validation failed'),
        (403, "runs \"one\" is forbidden: ValidatingAdmissionPolicy 'marks' with binding 'marks' denied request: no"),
        (422, "TaskRun \"one\" is invalid: ValidatingAdmissionPolicy 'marks' with binding 'marks' denied request: no"),
    ],
)
async def test_what_admission_denies_may_be_let_through_later(tmp_path, code, said):
    error = await failing(tmp_path, refused(code, "Reason", said))
    assert error.transient
    assert said in str(error)
    assert not isinstance(error, InvalidError)


async def test_special_refusals_have_their_own_types(tmp_path):
    assert isinstance(await failing(tmp_path, refused(409, "Conflict", "modified")), ConflictError)
    assert isinstance(await failing(tmp_path, refused(410, "Expired", "too old")), ExpiredError)
    invalid = await failing(tmp_path, refused(422, "Invalid", "too long"))
    assert isinstance(invalid, InvalidError)
    assert not invalid.transient


async def test_a_version_from_the_future_counts_as_expired(tmp_path):
    causes = {"causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]}
    error = await failing(tmp_path, refused(504, "Timeout", "Too large resource version: 9, current: 3", causes))
    assert isinstance(error, ExpiredError)


async def test_a_request_that_is_never_answered_ends(tmp_path):
    error = await failing(tmp_path, silent(), seconds=0.2)
    assert error.transient
    assert "did not answer in time when asked to get taskruns.tekton.dev 'one'" in str(error)


async def test_a_dropped_connection_is_transient(tmp_path):
    assert (await failing(tmp_path, dropped())).transient


async def test_nobody_listening_is_transient(tmp_path):
    client = await connect(str(write_kubeconfig(tmp_path, {"server": "http://127.0.0.1:1"}, {"token": "sesame"})))
    with pytest.raises(EdgeError, match=r"cannot get taskruns.tekton.dev 'one' .*127.0.0.1:1") as caught:
        await client.get(PATH)
    await client.close()
    assert caught.value.transient
    assert "sesame" not in str(caught.value)


async def test_a_page_that_is_none_is_transient(tmp_path):
    async with connected(tmp_path, ScriptedApi().on("GET", ALL, text(200, "<html>sign in</html>"))) as client:
        with pytest.raises(EdgeError, match="answered list taskruns") as caught:
            await anext(client.list_pages(TASK_RUNS, "builds"))
    assert caught.value.transient


async def test_only_metadata_is_asked_for_where_the_body_is_not_needed(tmp_path):
    script = ScriptedApi().on("PATCH", PATH, found(run("one")))
    async with connected(tmp_path, script) as client:
        await client.merge_patch(PATH, b"{}")
    assert script.asked[0].headers["accept"].startswith("application/json;as=PartialObjectMetadata")


async def test_each_request_that_failed_is_told_with_its_status_but_not_what_is_only_news(tmp_path):
    told = []
    answers = [refused(code, "Reason", "said") for code in (409, 403, 503)]
    api = ScriptedApi().on("GET", PATH, *answers, dropped())
    async with connected(tmp_path, api) as there:
        client = KubeClient(there._connection, observe=lambda host, status: told.append((host, status)))
        assert await client.get(ALL) is None
        for _ in range(4):
            with pytest.raises(EdgeError):
                await client.get(PATH)
    assert told == [(api.host, 403), (api.host, 503), (api.host, None)]
