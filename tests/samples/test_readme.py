"""The samples' README says what is so, and replacing placeholders by text is enough."""

import re
from hashlib import sha256

import pytest

from chains.artifacts.reference import ImageReference
from chains.cli.run_files import read_run_files
from chains.config.config import read_config
from chains.pipeline.plan import plan_run
from tests.samples.builders import FILES, README, SAMPLES, images, plans, rows


def test_every_file_has_its_row_with_its_namespace_and_count_of_images() -> None:
    counted = {
        path.name: (
            read_run_files((path,)).runs[0].namespace,
            str(sum(len(images(plan)) for plan in plans(path.name).values())),
        )
        for path in FILES
    }
    assert {name: (namespace, count) for name, namespace, _, count in rows(4)} == counted


def test_the_table_names_every_image_that_would_be_signed() -> None:
    signed = {(image, path.name) for path in FILES for plan in plans(path.name).values() for image in images(plan)}
    listed = {(str(ImageReference.parse(f"{name}@{digest}")), file) for name, digest, file in rows(3)}
    (unsigned,) = listed - signed
    assert signed < listed
    assert unsigned[1] == "buildah-kyverno-pipeline.yaml"


@pytest.mark.parametrize("row", rows(3), ids=lambda row: row[0])
def test_a_digest_stands_for_one_image_only(row) -> None:
    name, digest, file = row
    assert name in (SAMPLES / file).read_text()
    holding = [path.name for path in FILES if digest.removeprefix("sha256:") in path.read_text()]
    assert holding == [file]
    assert [other for other in rows(3) if other[1] == digest] == [row]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_replacing_registry_and_digests_by_text_gives_the_same_plan_for_other_images(path, tmp_path) -> None:
    text = path.read_text()
    wanted = [image for plan in plans(path.name).values() for image in images(plan)]
    for _, digest, _ in rows(3):
        other = f"sha256:{sha256(digest.encode()).hexdigest()}"
        text = text.replace(digest, other)
        wanted = [image.replace(digest, other) for image in wanted]
    copy = tmp_path / path.name
    copy.write_text(text.replace("registry.example.com:5000", "127.0.0.1:41234"))
    runs = read_run_files((copy,)).runs
    found = [image for run in runs for image in images(plan_run(run, read_config({}).config))]
    assert found == [image.replace("registry.example.com:5000", "127.0.0.1:41234") for image in wanted]


def test_the_sentence_the_readme_quotes_is_the_one_people_get() -> None:
    (quoted,) = re.findall(r"^> (.+)$", README, re.MULTILINE)
    reasons = [reason for plan in plans("buildah-kyverno-pipeline.yaml").values() for reason in plan.reasons]
    assert quoted in reasons
