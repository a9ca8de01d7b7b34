"""Why a run was signed, or was not: what it says it built, what was planned, what happened, what to change."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chains.artifacts.hints import read_hints
from chains.config.config import UPLOAD, Config
from chains.errors import InputError
from chains.pipeline.plan import NO_HINT, SigningRequest, plan_run
from chains.runs.marks import PREFIX, REASON, SIGNED, TRANSPARENCY, is_asked_for, is_foreign, is_settled
from chains.runs.run import Run

RETRIES = PREFIX + "retries"


@dataclass(frozen=True, slots=True)
class Explanation:
    """One run explained, each part in sentences; `requests` is the plan."""

    found: tuple[str, ...]
    requests: tuple[SigningRequest, ...]
    happened: tuple[str, ...]
    advice: tuple[str, ...]


# What refusals say, and what helps against each; the first that fits counts.
_REMEDIES: tuple[tuple[str, str], ...] = (
    (r"kubernetes api refused .*(secrets|serviceaccounts)", "grant the service the rule that the message names"),
    (r"auth of the entry|docker config", "mend the registry credentials in the Secret that the message names"),
    (
        r"\b(401|403)\b|denied|unauthorized|may not push",
        "put a Secret with push rights under `secrets` of the service "
        "account that the run uses; chains doctor tries the push",
    ),
    (r"\b429\b|too many requests", "the registry asks for less; the run is tried again by itself"),
    (r"certificate|tls", "give the registry's authority to the service with --registry-ca HOST=FILE"),
    (
        r"link-local|metadata address|address .* refused",
        "the run names an address that is never spoken to: name a registry",
    ),
    (r"no key to sign with|cosign\.password|signing key", "chains generate-key-pair k8s://NAMESPACE/signing-secrets"),
    (
        r"transparency log|rekor",
        "transparency.mode: deferred stores at once and logs later; chains doctor tries the log",
    ),
    (r"\b(404|405)\b|name unknown|not found", "make the repository in the registry, or allow pushes to it"),
    (
        r"immutable",
        "let the registry change tags that begin with sha256-, or use storage.oci.encoding-format: sigstore-bundle",
    ),
    (
        r"quota|exceeds|too large|\b413\b",
        "what is stored is too large for that place: store it in oci rather than tekton",
    ),
    (r"\b5\d\d\b|did not answer|cannot connect|timed? ?out", "the other side is out of order; the run is tried again"),
    (r"cannot be read|is no digest|is no image", "the run itself says something that cannot be read: mend its results"),
)


def explain(run: Run, config: Config, children: Sequence[Run] = ()) -> Explanation:
    """Explain a run from what it says, the configuration, and the marks on it; a pure function."""
    found = tuple(_found(run))
    try:
        plan = plan_run(run, config, children)
    except InputError as error:
        return Explanation(found, (), tuple(_happened(run)), (f"mend what the run says: {error}",))
    advice = dict.fromkeys((*_advice(run, config, children), *_missing(plan.reasons)))
    return Explanation(found, plan.requests, tuple(_happened(run)), tuple(advice))


def remedy(sentence: str) -> str:
    """Return what helps against a refusal, empty where nobody knows."""
    return next((helps for pattern, helps in _REMEDIES if re.search(pattern, sentence, re.IGNORECASE)), "")


def is_hopeless(run: Run, config: Config) -> str:
    """Return why a run will not be signed as it is, empty when it is or may be."""
    mark = run.annotations.get(SIGNED)
    if mark == "failed":
        return f"it was given up: {run.annotations.get(REASON, 'no reason is told')}"
    if is_foreign(run.managed_by, config.managed_by):
        return f"it belongs to the controller {run.managed_by}"
    if mark == "true" and REASON in run.annotations:
        return f"there was nothing to sign: {run.annotations[REASON]}"
    if not config.signs(run.kind):
        return f"{run.kind}s are not signed by this configuration"
    return ""


def _found(run: Run) -> Iterator[str]:
    hints = read_hints(run.results, {*run.defaults, *run.params}, pipeline=run.kind == "PipelineRun")
    names = ", ".join(result.name for result in run.results)
    yield f"results: {names}" if names else "it has no results"
    yield from (f"image {image.name}@{image.digest}" for image in hints.images)
    yield from (f"artifact {artifact.uri}" for artifact in (*hints.artifacts, *hints.outputs))
    yield from (f"input {artifact.uri}" for artifact in hints.inputs)
    yield from (f"near miss: {reason}" for reason in hints.reasons)


def _happened(run: Run) -> Iterator[str]:
    mark, reason = run.annotations.get(SIGNED), run.annotations.get(REASON)
    if not run.done:
        yield "it has not finished"
    elif run.outcome == "False":
        yield "it failed; what it built before that is signed all the same"
    if mark == "true":
        yield f"it is marked as signed{f', and there was nothing to sign: {reason}' if reason else ''}"
    elif mark == "failed":
        yield f"it was given up: {reason or 'no reason is told'}"
    elif mark is not None:
        yield f"its mark {SIGNED} has a value that means nothing"
    elif is_asked_for(run.annotations):
        yield "it was signed or given up before, and is to be signed again"
    elif run.done:
        yield "it carries no mark: it waits for its turn, or for its next try"
    if RETRIES in run.annotations:
        yield f"Tekton Chains tried it {run.annotations[RETRIES]} times"
    if logged := run.annotations.get(TRANSPARENCY):
        yield f"logged at {logged}"
    if run.hold.deleted and run.hold.ours:
        yield "it is being deleted, and held back until it is signed"


def _advice(run: Run, config: Config, children: Sequence[Run]) -> Iterator[str]:
    if is_foreign(run.managed_by, config.managed_by):
        yield f"its controller is {run.managed_by}: name it in filter.managed-by to have its runs signed"
    if not run.done:
        yield "wait until it has finished"
    elif not is_settled(run.annotations):
        unfinished = [child.name for child in children if not is_settled(child.annotations)]
        if unfinished:
            yield f"it waits for its child runs {', '.join(unfinished)}: chains explain them"
        yield "if it stays unmarked, chains doctor says what keeps the service from working"
        if config.backfill != float("inf"):
            yield "runs.backfill leaves out runs that ended before the service started: chains resign has it signed"
    if run.annotations.get(SIGNED) == "failed":
        helps = remedy(run.annotations.get(REASON, ""))
        again = f"chains resign {run.kind.lower()}/{run.name} -n {run.namespace}"
        yield f"{helps}; then {again}" if helps else f"mend what the reason names; then {again}"
    if config.transparency.enabled == "manual" and UPLOAD not in run.annotations:
        yield f'it is not logged: transparency.enabled is manual, and that asks for the annotation {UPLOAD}: "true"'
    treatment = config.pipelinerun if run.kind == "PipelineRun" else config.taskrun
    if treatment.enabled and "oci" not in treatment.stores:
        key = f"artifacts.{run.kind.lower()}.storage"
        yield f"its attestation is on the run alone: add oci to {key} to have it beside images"


def _missing(reasons: Sequence[str]) -> Iterator[str]:
    for reason in reasons:
        if reason == NO_HINT:
            yield "have a task write the results IMAGE_URL and IMAGE_DIGEST, or one of the others that name artifacts"
        else:
            yield reason
