"""What would be signed for each sample, and what its author is told where nothing is."""

import msgspec
import pytest

from chains.pipeline.plan import NO_HINT
from tests.samples.builders import FILES, beside_images_config, images, plans, walk_through_config

REGISTRY = "registry.example.com:5000"
KURATOR = "quick-start-run-frb7l"
KYVERNO = "build-and-deploy-signed8q5hd"
RELEASE = "release-storefront-h6k4w"
STOREFRONT = f"{REGISTRY}/builds/storefront@sha256:6ade1d6168b4a9c0f0610e375d5ce9ae423900c80a57c98201ae0e4c539fefa2"
# What is signed when everything goes beside images: a line for each run that has something to sign.
SIGNED = {
    "buildah-kyverno-pipeline.yaml": {},
    "buildah-taskrun.yaml": {"build-vote-api-9wq4d": ["taskrun", "oci"]},
    "go-binary-taskrun.yaml": {},
    "kaniko-taskrun.yaml": {"build-hello-x7k2p": ["taskrun", "oci"]},
    "ko-images-taskrun.yaml": {"build-shop-4mz7t": ["taskrun", "oci", "oci"]},
    "kurator-pipeline.yaml": {f"{KURATOR}-build-and-push-image": ["taskrun", "oci"], KURATOR: ["pipelinerun"]},
    "release-pipeline.yaml": {f"{RELEASE}-build": ["taskrun", "oci"], RELEASE: ["pipelinerun"]},
}


def statement(plan):
    """The statement of the attestation that comes first in a plan."""
    return msgspec.json.decode(plan.requests[0].payload.body)


def test_kanikos_url_is_taken_without_its_newline_and_its_tag() -> None:
    (plan,) = plans("kaniko-taskrun.yaml").values()
    assert images(plan) == [
        f"{REGISTRY}/builds/hello@sha256:6104daf73d9d5d7cce6955bd000c20bb8ec5174441aeba5cc63fb739229712dc"
    ]
    assert plan.reasons == ()


def test_kanikos_provenance_names_its_source_and_its_task() -> None:
    (plan,) = plans("kaniko-taskrun.yaml").values()
    predicate = statement(plan)["predicate"]
    assert {
        "uri": "git+https://git.example.com/builds/hello.git",
        "digest": {"sha1": "4f0c2b7d9a1e86530cb47d2e5f3a9b6810dce724"},
    } in predicate["materials"]
    assert predicate["invocation"]["configSource"]["entryPoint"] == "tasks/kaniko.yaml"


def test_buildahs_image_is_signed_once_its_task_names_it() -> None:
    (plan,) = plans("buildah-taskrun.yaml").values()
    assert images(plan) == [
        f"{REGISTRY}/builds/pipelines-vote-api@sha256:758eba81a3a1af7c51ad58410dff99cd283575b16e71a38e9d4082b423de968e"
    ]
    assert plan.reasons == ()
    assert statement(plan)["predicate"]["invocation"]["parameters"]["BUILD_ARGS"] == ["VERSION=v2", "CGO_ENABLED=0"]


def test_both_images_of_a_list_are_signed() -> None:
    (plan,) = plans("ko-images-taskrun.yaml").values()
    assert images(plan) == [
        f"{REGISTRY}/builds/shop-api@sha256:9ab02f888cf86ccac789dce0dd3a5040bfbd5cf7315daba3ccdfde26e4148b76",
        f"{REGISTRY}/builds/shop-worker@sha256:16a65f4fb8be4a67038ad1a407be234538acc962d6810b106bb64083712ac705",
    ]
    assert len(plan.requests[0].payload.images) == 2


def test_a_binary_gets_provenance_with_two_subjects_and_no_image_signature() -> None:
    (plan,) = plans("go-binary-taskrun.yaml").values()
    assert images(plan) == []
    assert [subject["name"] for subject in statement(plan)["subject"]] == [
        "https://artifacts.example.com/hello/1.4.0/hello-linux-amd64",
        "https://artifacts.example.com/hello/1.4.0/SHA256SUMS",
    ]
    assert plan.requests[0].payload.images == ()
    assert plan.reasons == ()


def test_a_binarys_provenance_cannot_go_beside_an_image() -> None:
    (plan,) = plans("go-binary-taskrun.yaml", walk_through_config()).values()
    assert plan.requests == ()
    assert any("no image to be attached to" in reason for reason in plan.reasons)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_what_has_something_to_sign_beside_an_image_is_signed_and_all_else_is_told_why_not(path) -> None:
    found = plans(path.name, beside_images_config())
    assert {name: [r.kind for r in plan.requests] for name, plan in found.items() if plan.requests} == SIGNED[path.name]
    assert {name for name, plan in found.items() if not plan.reasons} == SIGNED[path.name].keys()


def test_of_the_first_walk_through_one_image_is_signed_and_four_taskruns_are_told_why_not() -> None:
    found = plans("kurator-pipeline.yaml", walk_through_config())
    assert {name.removeprefix(KURATOR): [r.kind for r in plan.requests] for name, plan in found.items()} == {
        "-git-clone": [],
        "-cat-readme": [],
        "-go-test": [],
        "-go-lint": [],
        "-build-and-push-image": ["taskrun", "oci"],
        "": ["pipelinerun"],
    }
    for plan in found.values():
        assert (NO_HINT in plan.reasons) == (not plan.requests)


def test_the_first_walk_throughs_provenance_reads_as_the_walk_through_prints_it() -> None:
    plan = plans("kurator-pipeline.yaml", walk_through_config())[f"{KURATOR}-build-and-push-image"]
    read = statement(plan)
    assert read["predicateType"] == "https://slsa.dev/provenance/v0.2"
    assert read["subject"] == [
        {
            "name": f"{REGISTRY}/myname/kurator-test",
            "digest": {"sha256": "73c1ad5046233adb70aae2ee5df6e00f2c521e89cc980a954dc024d12add8daf"},
        }
    ]
    assert read["predicate"]["builder"] == {"id": "https://tekton.dev/chains/v2"}
    invocation = read["predicate"]["invocation"]
    assert invocation["parameters"] == {
        "BUILDER_IMAGE": "gcr.io/kaniko-project/executor:v1.5.1"
        "@sha256:c6166717f7fe0b7da44908c986137ecfeab21f31ec3992f6e128fff8a94be8a5",
        "CONTEXT": "./",
        "DOCKERFILE": "./Dockerfile",
        "EXTRA_ARGS": "",
        "IMAGE": f"{REGISTRY}/myname/kurator-test:0.4.1",
    }
    assert invocation["environment"]["annotations"] == {"pipeline.tekton.dev/release": "30540fc"}
    assert invocation["environment"]["labels"]["tekton.dev/task"] == "kaniko-chains"


@pytest.mark.parametrize("config", [None, walk_through_config()], ids=["defaults", "walk-through"])
def test_the_second_walk_throughs_build_is_told_which_result_is_missing(config) -> None:
    found = plans("buildah-kyverno-pipeline.yaml", config)
    reasons = found[f"{KYVERNO}-buildah-custom"].reasons
    assert any("'IMAGE_DIGEST'" in reason and "add 'IMAGE_URL'" in reason for reason in reasons)
    assert [images(plan) for plan in found.values()] == [[]] * 5


def test_the_second_walk_throughs_pipelinerun_is_told_which_result_is_missing() -> None:
    plan = plans("buildah-kyverno-pipeline.yaml", beside_images_config())[KYVERNO]
    assert plan.requests == ()
    assert "result 'IMAGE_DIGEST' has no result 'IMAGE_URL' beside it" in plan.reasons[0]
    assert "no image to be attached to" in plan.reasons[1]


@pytest.mark.parametrize(("name", "run"), [("kurator-pipeline.yaml", KURATOR), ("release-pipeline.yaml", RELEASE)])
def test_a_pipelinerun_is_attested_beside_the_image_that_one_of_its_taskruns_signs(name: str, run: str) -> None:
    found = plans(name, beside_images_config())
    (attestation,) = found[run].requests
    assert found[run].reasons == ()
    assert attestation.format == "slsa/v2alpha4"
    signed = [image for plan in found.values() for image in images(plan)]
    assert [str(image) for image in attestation.payload.images] == signed


def test_a_matrix_a_skipped_task_and_a_customrun_do_not_keep_a_release_from_being_attested() -> None:
    plan = plans("release-pipeline.yaml", beside_images_config())[RELEASE]
    definition = statement(plan)["predicate"]["buildDefinition"]
    assert [str(image) for image in plan.requests[0].payload.images] == [STOREFRONT]
    assert definition["externalParameters"]["buildConfigSource"]["path"] == "pipelines/release.yaml"
    used = [(found.get("name"), found["uri"]) for found in definition["resolvedDependencies"]]
    assert used[0] == ("pipeline", "git+https://git.example.com/platform/tekton-pipelines.git")
    assert used[-1] == ("inputs/result", "git+https://git.example.com/builds/storefront.git")
    assert used.count((None, "oci://docker.io/library/golang")) == 2


def test_a_release_in_slsa_v0_2_tells_both_runs_of_the_matrix_and_the_one_at_the_end() -> None:
    predicate = statement(plans("release-pipeline.yaml")[RELEASE])["predicate"]
    told = [(task["name"], task.get("after", [])) for task in predicate["buildConfig"]["tasks"]]
    assert told == [
        ("fetch", []),
        ("test", ["fetch"]),
        ("test", ["fetch"]),
        ("build", ["test", "fetch"]),
        ("announce", ["build"]),
    ]


def test_every_sample_gets_provenance_by_default() -> None:
    for path in FILES:
        for name, plan in plans(path.name).items():
            kind = "pipelinerun" if name in (KURATOR, KYVERNO, RELEASE) else "taskrun"
            assert [request.kind for request in plan.requests][:1] == [kind], name
