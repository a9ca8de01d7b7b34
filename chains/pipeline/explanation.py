"""Why a run was signed, or was not: what it says it built, what was planned, what happened, what to change."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from chains.artifacts.hints import read_hints
from chains.artifacts.reference import shown
from chains.config.config import UPLOAD, Config
from chains.config.nearest import closest
from chains.errors import InputError
from chains.pipeline.causes import first_cause
from chains.pipeline.host_causes import remedies
from chains.pipeline.plan import NO_ATTACHMENT, NO_HINT, SigningRequest, plan_run
from chains.pipeline.run_causes import OF_THE_RUN
from chains.runs.marks import PREFIX, REASON, SIGNED, TRANSPARENCY, is_asked_for, is_foreign, is_settled
from chains.runs.run import Run

RETRIES = PREFIX + "retries"
_HINTED = ("IMAGE_URL", "IMAGE_DIGEST", "ARTIFACT_URI", "ARTIFACT_DIGEST", "ARTIFACT_OUTPUTS")
_ALIKE = 0.85


@dataclass(frozen=True, slots=True)
class Explanation:
    """One run explained, each part in sentences; `requests` is the plan, and `left_out` what it is not and why."""

    found: tuple[str, ...]
    requests: tuple[SigningRequest, ...]
    left_out: tuple[str, ...]
    happened: tuple[str, ...]
    advice: tuple[str, ...]


def explain(run: Run, config: Config, children: Sequence[Run] = ()) -> Explanation:
    """Explain a run from what it says, the configuration, and the marks on it; a pure function."""
    found, happened = tuple(_found(run)), tuple(_happened(run, config, children))
    try:
        plan = plan_run(run, config, children)
    except InputError as error:
        return Explanation(found, (), (), happened, (f"mend what the run says: {error}",))
    left_out = tuple(_left_out(run, config, plan.reasons))
    advice = (*remedied(run, left_out), *remedied(run, happened), *_again(run))
    return Explanation(found, plan.requests, left_out, happened, tuple(dict.fromkeys(advice)))


def remedied(run: Run, sentences: Iterable[str]) -> tuple[str, ...]:
    """Return what helps against what these sentences say of a run, each once; a sentence may say it itself."""
    helps = (_helps(sentence) for sentence in sentences)
    return tuple(dict.fromkeys(_spelt_out(each, run) for each in chain.from_iterable(helps)))


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


def _happened(run: Run, config: Config, children: Sequence[Run]) -> Iterator[str]:
    if is_foreign(run.managed_by, config.managed_by):
        yield f"its controller is {run.managed_by}, to which its runs are left"
    if not run.done:
        yield "it has not finished"
    elif run.outcome == "False":
        yield "it failed; what it built before that is signed all the same"
    yield from _marked(run)
    if run.done and not is_settled(run.annotations):
        yield from _awaited(config, children)
    if run.annotations.get(SIGNED) == "failed" and RETRIES in run.annotations:
        yield f"Tekton Chains tried it {run.annotations[RETRIES]} times, and gave it up"
    if logged := run.annotations.get(TRANSPARENCY):
        yield f"logged at {logged}"
    elif config.transparency.enabled == "manual" and UPLOAD not in run.annotations:
        yield f"it is not logged: transparency.enabled is manual, and it has no annotation {UPLOAD}"
    if run.hold.deleted and run.hold.ours:
        yield "it is being deleted, and held back until it is signed"


def _marked(run: Run) -> Iterator[str]:
    mark, reason = run.annotations.get(SIGNED), run.annotations.get(REASON)
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


def _awaited(config: Config, children: Sequence[Run]) -> Iterator[str]:
    unsettled = [child.name for child in children if not is_settled(child.annotations)]
    if unsettled:
        yield f"it waits for its child runs {', '.join(unsettled)}"
    if config.backfill != float("inf"):
        yield "runs.backfill leaves out runs that ended before the service began"


def _left_out(run: Run, config: Config, reasons: Sequence[str]) -> Iterator[str]:
    """Yield why no more is planned; of a run in progress nothing can be said yet."""
    if not run.done:
        return
    telling = [reason for reason in reasons if reason != NO_ATTACHMENT.format(kind=run.kind.lower())]
    yield from telling or reasons
    if NO_HINT in telling:
        yield from _misnamed(run)
    treatment = config.pipelinerun if run.kind == "PipelineRun" else config.taskrun
    if treatment.enabled and "oci" not in treatment.stores:
        yield "its attestation is kept on the run alone"


def _misnamed(run: Run) -> Iterator[str]:
    """Yield which results are called nearly as type hints are."""
    for result in run.results:
        spelt = result.name.upper().replace("-", "_").replace(".", "_")
        meant = next((name for name in _HINTED if spelt.endswith(name)), "") or closest(spelt, _HINTED, _ALIKE)
        if meant:
            yield f"result {shown(result.name)} is called so that nothing reads it: was it to end with {meant}?"


def _again(run: Run) -> Iterator[str]:
    if run.annotations.get(SIGNED) == "failed":
        helps = next(remedies(run.annotations.get(REASON, "")), "mend what the reason names")
        yield f"{helps}; then {_spelt_out('chains resign RUN', run)}"


def _helps(sentence: str) -> Iterator[str]:
    """Yield what helps against a sentence of ours."""
    cause = first_cause(sentence, OF_THE_RUN)
    if cause is not None:
        yield cause.helps or sentence


def _spelt_out(helps: str, run: Run) -> str:
    kind = run.kind.lower()
    spelt = re.sub(r"\bRUN\b", lambda _: f"{kind}/{run.name} -n {run.namespace}", helps)
    return re.sub(r"\bKIND\b", lambda _: kind, spelt)
