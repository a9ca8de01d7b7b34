"""Type hints: what results name, and the near misses."""

from typing import Any

import pytest

from chains.artifacts.hints import MOST_IMAGES, Hints, read_git, read_hints
from tests.builders import DIGEST, OTHER_DIGEST, taskrun


def hints(**results: Any) -> Hints:
    return read_hints(taskrun(results={name.replace("__", "-"): value for name, value in results.items()}).results)


def names(found: Hints) -> list[str]:
    return [f"{image.name}@{image.digest}" for image in found.images]


def test_url_and_digest_with_the_same_prefix_are_an_image() -> None:
    found = hints(app__IMAGE_URL="reg.io/team/app:v1\n", app__IMAGE_DIGEST=f"{DIGEST}\n")
    assert names(found) == [f"reg.io/team/app@{DIGEST}"]
    assert found.reasons == ()


def test_prefixes_pair_only_when_they_are_identical() -> None:
    found = hints(a__IMAGE_URL="reg.io/ab", a_IMAGE_DIGEST=DIGEST)
    assert found.images == ()
    assert len(found.reasons) == 2


def test_a_digest_without_url_is_answered_with_the_missing_name() -> None:
    assert hints(IMAGE_DIGEST=DIGEST).reasons == (
        "result 'IMAGE_DIGEST' has no result 'IMAGE_URL' beside it: add 'IMAGE_URL' to the task's results",
    )


def test_a_parameter_that_has_the_missing_name_is_pointed_at() -> None:
    results = taskrun(results={"IMAGE_DIGEST": DIGEST}).results
    [reason] = read_hints(results, {"IMAGE"}).reasons
    assert reason.endswith("add 'IMAGE_URL' to the task's results and write $(params.IMAGE) into it")


@pytest.mark.parametrize(
    ("digest", "said"),
    [
        ("v1.4", "a tag is none"),
        ("md5:" + "a" * 32, "images go by sha256"),
        ("sha256:" + "A1" * 32, "in lower case"),
        ("sha256:a1", "64 hex digits"),
    ],
)
def test_a_digest_that_is_none_is_answered_with_what_one_is(digest: str, said: str) -> None:
    found = hints(IMAGE_URL="reg.io/ab", IMAGE_DIGEST=digest)
    assert found.images == ()
    assert said in found.reasons[0]


def test_images_are_split_on_commas_and_newlines_and_bad_ones_are_named() -> None:
    found = hints(IMAGES=f"reg.io/aa@{DIGEST}, reg.io/bb@{DIGEST}\n\nreg.io/cc:latest,reg.io/aa@{DIGEST}")
    assert names(found) == [f"reg.io/aa@{DIGEST}", f"reg.io/bb@{DIGEST}"]
    assert len(found.reasons) == 1
    assert "reg.io/cc:latest" in found.reasons[0]


def test_a_flood_of_images_is_refused_whole() -> None:
    found = hints(IMAGES=",".join(f"reg.io/a{n}@{DIGEST}" for n in range(MOST_IMAGES + 1)))
    assert found.images == ()
    assert str(MOST_IMAGES) in found.reasons[0]


def test_a_url_that_carries_the_same_digest_is_read() -> None:
    assert names(hints(IMAGE_URL=f"reg.io/ab@{DIGEST}", IMAGE_DIGEST=DIGEST)) == [f"reg.io/ab@{DIGEST}"]


def test_a_url_that_carries_another_digest_is_refused() -> None:
    found = hints(IMAGE_URL=f"reg.io/ab@{OTHER_DIGEST}", IMAGE_DIGEST=DIGEST)
    assert found.images == ()
    assert "carries a digest other than" in found.reasons[0]


@pytest.mark.parametrize("scheme", ["oci://", "docker://", "https://"])
def test_a_scheme_before_an_image_is_left_out(scheme: str) -> None:
    assert names(hints(IMAGE_URL=f"{scheme}reg.io/ab", IMAGE_DIGEST=DIGEST)) == [f"reg.io/ab@{DIGEST}"]


def test_an_artifact_pair_has_its_digest_in_normal_form() -> None:
    found = hints(jar__ARTIFACT_URI="https://x.io/app.jar", jar__ARTIFACT_DIGEST="SHA512:" + "c3" * 64)
    assert found.artifacts[0].digests == {"sha512": "c3" * 64}


@pytest.mark.parametrize("flag", ["true", True])
def test_an_output_flagged_as_build_artifact_is_an_image(flag: object) -> None:
    found = hints(x__ARTIFACT_OUTPUTS={"uri": "reg.io/ab", "digest": DIGEST, "isBuildArtifact": flag})
    assert names(found) == [f"reg.io/ab@{DIGEST}"]
    assert found.outputs[0].uri == "reg.io/ab"


@pytest.mark.parametrize("value", ["text", ["a"], {"uri": "reg.io/ab"}, {"uri": "reg.io/ab", "digest": "md5:00"}])
def test_a_malformed_output_gives_a_reason(value: object) -> None:
    found = hints(x__ARTIFACT_OUTPUTS=value)
    assert found.outputs == ()
    assert "x-ARTIFACT_OUTPUTS" in found.reasons[0]


def test_git_hints_need_both_halves() -> None:
    commit = "d" * 40
    assert read_git([{"CHAINS-GIT_COMMIT": commit}]) is None
    found = read_git([{"CHAINS-GIT_URL": "https://x.io/r"}, {"CHAINS-GIT_COMMIT": commit}])
    assert found is not None
    assert (found.uri, found.digests) == ("git+https://x.io/r.git", {"sha1": commit})


def test_a_commit_of_64_digits_is_sha256() -> None:
    found = read_git([{"CHAINS-GIT_URL": "git+https://x.io/r.git", "CHAINS-GIT_COMMIT": "e" * 64}])
    assert found is not None
    assert found.digests == {"sha256": "e" * 64}


def test_a_pipeline_is_told_to_add_a_result_from_the_task_that_has_it() -> None:
    results = taskrun(results={"IMAGE_DIGEST": DIGEST}).results
    [reason] = read_hints(results, {"IMAGE"}, pipeline=True).reasons
    assert reason.endswith("add 'IMAGE_URL' to the pipeline's results, from the task that has it")
