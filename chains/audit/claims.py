"""What a run says of itself, and what must therefore stand beside its images."""

from collections.abc import Mapping

from chains.artifacts.hints import read_hints
from chains.artifacts.reference import Digest
from chains.audit.judge import Judgement, Needs
from chains.audit.verdict import RunClaim, Verdict
from chains.payloads.candidate import Candidate
from chains.runs.marks import REASON, SIGNED
from chains.runs.run import Run


def claim_of_run(run: Run, held: Mapping[str, Candidate]) -> RunClaim:
    """Return what is to be audited of a run; `held` are the signed payloads in its own annotations."""
    hints = read_hints(run.results, pipeline=run.kind == "PipelineRun")
    others = [*hints.artifacts, *hints.outputs]
    digests = [Digest("sha256", one.digests["sha256"]) for one in others if "sha256" in one.digests]
    return RunClaim(
        run.key,
        run.annotations.get(SIGNED, ""),
        run.annotations.get(REASON, ""),
        run.done,
        run.completed,
        tuple(image.reference for image in hints.images if image.reference is not None),
        digests[0] if digests else None,
        names_artifacts=bool(hints.images or others),
        held=held,
    )


def needs_of(run: RunClaim | None) -> Needs:
    """Return what must stand beside an image: of a PipelineRun it is the attestation, as its tasks sign the images."""
    if run is None:
        return Needs()
    return Needs(signature=run.key.kind == "TaskRun" and bool(run.images), invocation=run.key.uid, ended=run.ended)


def verdict_without_image(run: RunClaim, needed: Needs) -> tuple[Verdict, str] | None:
    """Return the verdict on a run that has nothing to be looked at, None where there is something."""
    if not run.done:
        return Verdict.RUNNING, ""
    if run.mark == "failed" and not run.images:
        return Verdict.FAILED, run.reason or "the mark gives no reason"
    return None if run.images or run.held else _verdict_on_nothing(run, needed)


def _verdict_on_nothing(run: RunClaim, needed: Needs) -> tuple[Verdict, str]:
    if not run.names_artifacts:
        return Verdict.NOTHING, run.reason or "no result of it names an artifact"
    if not needed.artifacts:
        return Verdict.NOTHING, "no result of it names an image, and nothing else is asked for"
    if run.mark != "true":
        return Verdict.UNSIGNED, "it has ended and carries no mark"
    if run.reason:  # whoever may annotate a run can write any: it explains, and excuses nothing
        return (
            Verdict.UNSIGNED,
            f"its results name artifacts, and nothing of them is stored; its mark says: {run.reason}",
        )
    return Verdict.CLAIMED, "it is marked as signed, and neither its annotations nor a registry hold anything of it"


def with_mark(judgement: Judgement, run: RunClaim) -> tuple[Verdict, tuple[str, ...]]:
    """Hold what was found beside a run's image against the run's mark."""
    verdict, why = judgement.verdict, judgement.why
    if run.mark == "failed":
        return Verdict.FAILED, (run.reason or "the mark gives no reason", *why)
    if run.mark != "true":
        unmarked = "the run has ended and carries no mark"
        return (Verdict.UNSIGNED if verdict is Verdict.VERIFIED else verdict), (unmarked, *why)
    if verdict in (Verdict.UNSIGNED, Verdict.INCOMPLETE, Verdict.MISSING):
        return Verdict.CLAIMED, ("the run is marked as signed", *why)
    return verdict, why
