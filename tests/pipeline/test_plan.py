"""The plan: what would be signed for a run, where it goes, and why anything else does not."""

import msgspec
import pytest

from chains.config.config import Config, read_config
from chains.payloads.payload import IN_TOTO, SIMPLE_SIGNING
from chains.pipeline.plan import NO_HINT, plan_run
from tests.builders import DIGEST, image_results, taskrun

OCI = {"artifacts.taskrun.format": "slsa/v1", "artifacts.taskrun.storage": "oci", "artifacts.oci.storage": "oci"}


def config(**changes: str) -> Config:
    reading = read_config(OCI | {name.replace("__", ".").replace("_", "-"): value for name, value in changes.items()})
    assert reading.problems == ()
    return reading.config


def test_an_image_gets_an_attestation_and_a_signature() -> None:
    plan = plan_run(taskrun(results=image_results()), config())
    assert [(r.kind, r.payload.media_type, r.stores) for r in plan.requests] == [
        ("taskrun", IN_TOTO, ("oci",)),
        ("oci", SIMPLE_SIGNING, ("oci",)),
    ]
    assert {str(image) for request in plan.requests for image in request.payload.images} == {
        f"registry.example.com/team/app@{DIGEST}"
    }
    assert plan.reasons == ()


def test_the_signature_payload_is_cosigns_to_the_byte() -> None:
    [_, claim] = plan_run(taskrun(results=image_results("busybox:1")), config()).requests
    assert claim.payload.body == (
        b'{"critical":{"identity":{"docker-reference":"index.docker.io/library/busybox"},"image":{"docker-manifest-digest":"'
        + DIGEST.encode()
        + b'"},"type":"cosign container image signature"},"optional":null}'
    )


def test_a_run_that_names_nothing_has_nothing_to_sign_and_says_what_would_help() -> None:
    plan = plan_run(taskrun(), config())
    assert plan.requests == ()
    assert NO_HINT in plan.reasons


def test_a_run_that_names_nothing_is_still_attested_where_the_store_needs_no_image() -> None:
    [attestation] = plan_run(taskrun(), config(artifacts__taskrun__storage="oci,tekton")).requests
    assert attestation.stores == ("tekton",)
    assert b'"subject"' not in attestation.payload.body


def test_a_generic_artifact_is_a_subject_that_no_registry_is_bothered_with() -> None:
    results = {"ARTIFACT_URI": "https://files.example.com/tool", "ARTIFACT_DIGEST": DIGEST} | image_results()
    [attestation, _] = plan_run(taskrun(results=results), config()).requests
    assert len(msgspec.json.decode(attestation.payload.body)["subject"]) == 2
    assert [str(image) for image in attestation.payload.images] == [f"registry.example.com/team/app@{DIGEST}"]


def test_a_path_without_registry_is_no_place_to_attach_an_attestation_to() -> None:
    results = {"ARTIFACT_URI": "dist/tool", "ARTIFACT_DIGEST": DIGEST}
    plan = plan_run(taskrun(results=results), config())
    assert plan.requests == ()
    assert "no image to be attached to" in plan.reasons[-1]


def test_switched_off_kinds_are_not_planned_and_the_reason_names_the_key() -> None:
    plan = plan_run(
        taskrun(results=image_results()), config(artifacts__taskrun__storage="", artifacts__oci__signer="none")
    )
    assert plan.requests == ()
    assert "artifacts.taskrun.storage" in plan.reasons[0]
    assert "artifacts.oci.signer" in plan.reasons[1]


def test_a_step_that_never_started_costs_a_material_and_not_the_attestation() -> None:
    run = taskrun(results=image_results(), steps=[{"name": "build", "imageID": ""}])
    plan = plan_run(run, config())
    assert b'"materials":[' not in plan.requests[0].payload.body
    assert "no digest" in plan.reasons[0]


def test_two_plans_of_one_run_are_the_same_bytes() -> None:
    first, second = (plan_run(taskrun(results=image_results()), config()) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("encoding", "signatures"),
    [
        ("dsse", [(SIMPLE_SIGNING, ("oci", "tekton"))]),
        ("sigstore-bundle", [(SIMPLE_SIGNING, ("tekton",)), (IN_TOTO, ("oci",))]),
        ("both", [(SIMPLE_SIGNING, ("oci", "tekton")), (IN_TOTO, ("oci",))]),
    ],
)
def test_an_image_is_signed_for_each_way_that_signatures_are_kept_in(
    encoding: str, signatures: list[tuple[str, tuple[str, ...]]]
) -> None:
    told = config(artifacts__oci__storage="oci,tekton", storage__oci__encoding_format=encoding)
    [_, *requests] = plan_run(taskrun(results=image_results()), told).requests
    assert [(request.payload.media_type, request.stores) for request in requests] == signatures
    assert {request.payload.created for request in requests} == {"2026-05-01T08:02:03Z"}


def test_the_statement_in_a_bundle_is_cosigns_to_the_byte() -> None:
    told = config(storage__oci__encoding_format="sigstore-bundle")
    [_, request] = plan_run(taskrun(results=image_results()), told).requests
    assert request.payload.predicate_type == "https://sigstore.dev/cosign/sign/v1"
    assert request.payload.body == (
        b'{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"'
        + DIGEST.removeprefix("sha256:").encode()
        + b'"},"annotations":{}}],"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{}}'
    )
