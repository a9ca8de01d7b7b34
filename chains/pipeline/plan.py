"""The plan: every byte that will be signed for a run, by which signer, for which stores; a pure function."""

from collections.abc import Iterable
from dataclasses import dataclass

from chains.artifacts.hints import BuildImage, Hints, read_hints
from chains.artifacts.materials import read_materials
from chains.artifacts.subjects import attachable_image, read_subjects
from chains.config.config import Config, Treatment
from chains.formats import named_format
from chains.formats.simplesigning import write_claim
from chains.payloads.payload import IN_TOTO, SIMPLE_SIGNING, Origin, Payload
from chains.runs.run import Run

NO_HINT = (
    "no result of this run names an artifact: a task tells what it built by the results IMAGE_URL with IMAGE_DIGEST, "
    "IMAGES, ARTIFACT_URI with ARTIFACT_DIGEST, or ARTIFACT_OUTPUTS"
)


@dataclass(frozen=True, slots=True)
class SigningRequest:
    """One payload to be signed by the signer of that name and put into the stores of those names.

    `kind` is `taskrun`, `pipelinerun` or `oci`; `artifact` says for people what the payload speaks of.
    """

    kind: str
    artifact: str
    format: str
    signer: str
    stores: tuple[str, ...]
    payload: Payload


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be signed for one run, and why anything else is not."""

    origin: Origin
    requests: tuple[SigningRequest, ...]
    reasons: tuple[str, ...]


def plan_run(run: Run, config: Config) -> Plan:
    """Plan a TaskRun: its attestation, and a signature for each image it built."""
    origin = Origin(run.kind, run.namespace, run.name, run.uid, run.service_account)
    hints = read_hints(run.results)
    reasons = list(hints.reasons)
    requests = [*_attestation(run, hints, config, reasons), *_signatures(hints, config.oci, reasons)]
    if not read_subjects(hints) and not hints.reasons:
        reasons.append(NO_HINT)
    return Plan(origin, tuple(requests), tuple(reasons))


def _attestation(run: Run, hints: Hints, config: Config, reasons: list[str]) -> Iterable[SigningRequest]:
    treatment = config.taskrun
    if not treatment.enabled:
        reasons.append(
            "TaskRuns are not attested: artifacts.taskrun.storage is empty or artifacts.taskrun.signer is none"
        )
        return
    form = named_format(treatment.format)
    subjects = read_subjects(hints)
    materials, left_out = read_materials(run, hints)
    reasons.extend(left_out)
    images = tuple(image for subject in subjects if (image := attachable_image(subject)) is not None)
    stores = _stores(treatment, bool(images))
    if not stores:
        reasons.append(
            "the attestation has no image to be attached to, and artifacts.taskrun.storage names no store but oci"
        )
        return
    body = form.write(run, subjects, materials, config.builder_id)
    payload = Payload(body, IN_TOTO, form.predicate_type, f"{run.kind.lower()}-{run.uid}", images)
    name = f"{run.namespace}/{run.name}"
    yield SigningRequest(run.kind.lower(), name, treatment.format, treatment.signer, stores, payload)


def _signatures(hints: Hints, treatment: Treatment, reasons: list[str]) -> Iterable[SigningRequest]:
    if hints.images and not treatment.enabled:
        reasons.append("images are not signed: artifacts.oci.storage is empty or artifacts.oci.signer is none")
        return
    for image in hints.images:
        stores = _stores(treatment, image.reference is not None)
        if stores:
            yield _signature(image, treatment, stores)
        else:
            reasons.append(
                f"{image.name} is no image in a registry, and artifacts.oci.storage names no store but oci"
            )


def _signature(image: BuildImage, treatment: Treatment, stores: tuple[str, ...]) -> SigningRequest:
    images = () if image.reference is None else (image.reference,)
    payload = Payload(write_claim(image), SIMPLE_SIGNING, "", image.digest.hex[:12], images)
    return SigningRequest("oci", f"{image.name}@{image.digest}", treatment.format, treatment.signer, stores, payload)


def _stores(treatment: Treatment, has_image: bool) -> tuple[str, ...]:
    """Return the stores that can take it: a registry takes only what belongs to an image."""
    return tuple(name for name in treatment.stores if has_image or name != "oci")
