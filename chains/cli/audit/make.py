"""An audit from its flags to its report: of registries and a cluster, or of the evidence that another audit kept."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from chains.audit.judge import Question
from chains.audit.report import Report, moment_text
from chains.audit.verdict import Entry
from chains.cli.audit.again import Again
from chains.cli.audit.examine import Examiner, Pace
from chains.cli.audit.flags import AuditFlags
from chains.cli.audit.gather import gathered
from chains.cli.audit.ports import NothingKept
from chains.cli.audit.progress import progress
from chains.cli.audit.question import question_from
from chains.cli.audit.scope import named_images, trusted_names
from chains.cli.evidence.archive import opened
from chains.cli.evidence.read import KeptEntries
from chains.cli.evidence.write import EvidenceFolder, KeepingLookup
from chains.cli.image_flags import ImageFlags
from chains.cli.image_source import span_in_seconds
from chains.cli.persistence import PersistentLookup
from chains.cli.registry_images import registry_images
from chains.cli.terminal import printable
from chains.cli.verify_flags import Logs, VerifyFlags, log_verifier
from chains.errors import InputError
from chains.pipeline.ports import LogLookup


async def audited(
    flags: AuditFlags, verify: VerifyFlags, given: dict[str, Any], folder: EvidenceFolder | None
) -> Report:
    """Make an audit; what it rests on goes into the folder, if there is one."""
    if flags.from_evidence:
        return await _again(flags, verify, given)
    moment, where, logs = flags.time(), ImageFlags.of(given), log_verifier(verify)
    question = await question_from(given, verify, logs, moment)
    pace = Pace(flags.concurrency, span_in_seconds(flags.timeout))
    keeper = folder or NothingKept()
    named = tuple(named_images(flags.scope))
    async with registry_images(where, trusted_names(flags.scope, named)) as source, _asked(logs, pace, folder) as asked:
        prefix = where.attachment_tag_prefix
        more = await gathered(flags.scope, source, prefix, flags.kubeconfig, pace.patience, keeper.saw_run)
        things = (*named, *more.things)
        with progress(len(things)) as done:
            examiner = Examiner(source, question, pace, flags.needed, done, asked, keeper)
            entries = await examiner.examine(things)
    report = _report(moment, flags.scope.words, question, entries, more.notes)
    if folder is not None:
        folder.finish(report, b"" if logs is None else logs.content)
    return report


async def _again(flags: AuditFlags, verify: VerifyFlags, given: dict[str, Any]) -> Report:
    """Judge what some evidence holds; nothing but keys is asked of anybody."""
    logs = log_verifier(verify)
    with opened(Path(flags.from_evidence)) as folder:
        again = Again.read(folder, ImageFlags.of(given))
        recorded = again.recorded
        if not given["keys"]:
            raise InputError(
                "a public key is needed: give --key with one from elsewhere, as evidence proves nothing by a key that "
                f"came with it; it was made with {again.key_ids}"
            )
        moment = flags.time(recorded.audited.astimezone(UTC))
        question = await question_from(given, verify, logs, moment)
        pace = Pace(flags.concurrency, span_in_seconds(flags.timeout))
        things = tuple(again.things())
        with progress(len(things)) as done:
            lookup = None if logs is None else KeptEntries(folder)
            entries = await Examiner(again, question, pace, flags.needed, done, lookup, NothingKept()).examine(things)
        made = f"Judged again from {flags.from_evidence}, made on {moment_text(recorded.audited)} by {recorded.by}"
        notes = tuple(map(printable, (made, *again.differences(entries))))
    scope = (f"evidence {flags.from_evidence}", *recorded.scope)
    return _report(moment, tuple(map(printable, scope)), question, entries, notes)


def _report(
    moment: datetime, scope: tuple[str, ...], question: Question, entries: tuple[Entry, ...], notes: tuple[str, ...]
) -> Report:
    logged = question.demands.log is not None
    return Report(
        moment, version("chains"), scope, question.keys, question.words, question.types, logged, entries, notes
    )


@asynccontextmanager
async def _asked(
    logs: Logs | None, pace: Pace, folder: EvidenceFolder | None
) -> AsyncGenerator[LogLookup | None, None]:
    """Open what asks the log for entries, and keeps them; None where nobody is asked."""
    if logs is None:
        yield None
        return
    async with logs.lookup() as lookup:
        if lookup is None:
            yield None
            return
        persistent = PersistentLookup(lookup, pace.patience)
        yield persistent if folder is None else KeepingLookup(persistent, folder)
