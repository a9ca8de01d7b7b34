"""The report as plain values, as `-o json` and `-o jsonl` write it; docs/audit.md tells of each member."""

import base64
from typing import Any

import msgspec

from chains.audit.build import Build
from chains.audit.report import Report, moment_text
from chains.audit.reproduce import commands_for
from chains.audit.verdict import Entry, Proof, RunClaim
from chains.payloads.payload import LogEntry

VERSION = 1

Json = dict[str, Any]


def as_json(report: Report) -> str:
    """Return the report as one JSON document."""
    document = head_of(report) | {"entries": [entry_of(report, entry) for entry in report.entries]}
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def as_lines(report: Report) -> str:
    """Return the report as JSON lines, one an entry."""
    return "".join(msgspec.json.encode(entry_of(report, entry)).decode() + "\n" for entry in report.entries)


def head_of(report: Report) -> Json:
    """Return what is told of the audit as a whole."""
    return {
        "schema": VERSION,
        "audited": moment_text(report.moment),
        "by": f"chains {report.version}",
        "scope": list(report.scope),
        "asked": list(report.asked),
        "notes": list(report.notes),
        "keys": [
            {"name": key.name, "keyId": key.key_id, "pem": key.verifier.public_pem.decode()} for key in report.keys
        ],
        "good": not report.bad and not report.unknown,
        "counts": {str(verdict): count for verdict, count in report.counts.items()},
    }


def entry_of(report: Report, entry: Entry) -> Json:
    """Return one entry; members that have nothing to say are empty or null, never left out."""
    return {
        "name": entry.name,
        "verdict": str(entry.verdict),
        "why": list(entry.why),
        "image": None if entry.image is None else str(entry.image),
        "run": None if entry.run is None else _run(entry.run),
        "signatures": [_proof(proof) for proof in entry.signatures],
        "attestations": [_proof(proof) | {"build": _build(proof.build)} for proof in entry.attestations],
        "passedOver": [
            {"layout": str(one.candidate.layout), "digest": one.candidate.digest, "why": one.why}
            for one in entry.refusals
        ],
        "reproduce": [
            {"layout": str(commands.layout), "commands": list(commands.lines)}
            for commands in commands_for(report, entry)
        ],
    }


def _run(run: RunClaim) -> Json:
    key = run.key
    return {
        "kind": key.kind,
        "namespace": key.namespace,
        "name": key.name,
        "uid": key.uid,
        "mark": run.mark,
        "reason": run.reason,
    }


def _proof(proof: Proof) -> Json:
    accepted = proof.accepted
    return {
        "layout": str(accepted.candidate.layout),
        "digest": accepted.candidate.digest,
        "key": proof.key_name,
        "kind": accepted.claim.kind,
        "signature": base64.b64encode(accepted.signed.signature.raw).decode(),
        "payload": base64.b64encode(accepted.signed.payload.body).decode(),
        "payloadType": accepted.signed.payload.media_type,
        "log": None if accepted.signed.log_entry is None else _log(accepted.signed.log_entry),
    }


def _log(entry: LogEntry) -> Json:
    return {
        "index": entry.log_index,
        "time": entry.integrated_time,
        "log": entry.log_id.hex(),
        "url": entry.url or None,
    }


def _build(build: Build | None) -> Json | None:
    if build is None:
        return None
    return {
        "builderId": build.builder_id,
        "buildType": build.build_type,
        "invocationId": build.invocation,
        "definition": build.definition,
        "started": build.started,
        "finished": build.finished,
        "parameters": dict(build.parameters),
        "used": [{"uri": used.uri, "digest": dict(used.digest), "role": used.role} for used in build.used],
        "tasks": [
            {
                "name": task.name,
                "status": task.status,
                "started": task.started,
                "finished": task.finished,
                "steps": [{"name": step.name, "image": step.image} for step in task.steps],
            }
            for task in build.tasks
        ],
    }
