"""Signing with a transparency log: what is done first, what is kept, and what a failure of the log means."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from chains.config.config import read_config
from chains.errors import ChainsError, EdgeError
from chains.payloads.payload import LogEntry, Origin, Signature, SignedPayload, Stored
from chains.pipeline.parts import Transparency
from chains.pipeline.plan import Plan, plan_run
from chains.pipeline.sign import LOG, Kept, log_urls, sign_plan
from tests.builders import image_results, taskrun

OUTAGE = EdgeError("the log does not answer", transient=True)
UPLOAD = "chains.tekton.dev/transparency-upload"


@dataclass
class Recorder:
    """A signer, a log and a store that write down, in order, what they were asked; the log fails as it is told to."""

    done: list[str] = field(default_factory=list)
    log_errors: list[ChainsError] = field(default_factory=list)
    store_errors: list[ChainsError] = field(default_factory=list)
    entries: int = 0

    async def sign(self, message: bytes) -> Signature:
        return Signature(message[:9], "k")

    async def upload(self, signed: SignedPayload) -> LogEntry:
        self.done.append(f"log {_kind(signed)}")
        if self.log_errors:
            raise self.log_errors.pop(0)
        self.entries += 1
        url = f"https://rekor.example.com/api/v1/log/entries?logIndex={self.entries}"
        return LogEntry(b"l", self.entries, 1, b"{}", b"promise", url=url)

    async def put(self, signed: SignedPayload, _: Origin) -> Stored:
        if self.store_errors:
            raise self.store_errors.pop(0)
        self.done.append(f"store {_kind(signed)}" + (" with its entry" if signed.log_entry else ""))
        return Stored(("there",))


def _kind(signed: SignedPayload) -> str:
    return "image" if signed.envelope is None else "attestation"


def planned(annotations: dict[str, str] | None = None, **settings: str) -> Plan:
    told = {"artifacts.taskrun.storage": "oci"} | {f"transparency.{name}": text for name, text in settings.items()}
    reading = read_config(told)
    assert reading.problems == reading.impossible == ()
    return plan_run(taskrun(results=image_results(), annotations=annotations), reading.config)


async def carried_out(plan: Plan, here: Recorder, *, deferred: bool = False, kept: Kept | None = None) -> Any:
    transparency = Transparency(here, deferred)
    return await sign_plan(plan, {"x509": here}, {"oci": here}, kept, transparency)


async def test_what_is_to_be_logged_is_logged_before_it_is_stored() -> None:
    here = Recorder()
    receipts = await carried_out(planned(enabled="true"), here)
    assert sorted(here.done) == ["log attestation", "log image", *_stored()]
    for kind in ("attestation", "image"):
        assert here.done.index(f"log {kind}") < here.done.index(f"store {kind} with its entry")
    assert all(receipt.signed.log_entry is not None for receipt in receipts)
    assert log_urls(receipts) == ",".join(
        f"https://rekor.example.com/api/v1/log/entries?logIndex={number}" for number in (1, 2)
    )


def _stored() -> list[str]:
    return ["store attestation with its entry", "store image with its entry"]


async def test_nothing_is_stored_while_the_log_is_down() -> None:
    here = Recorder(log_errors=[OUTAGE, OUTAGE])
    receipts = await carried_out(planned(enabled="true"), here)
    assert sorted(here.done) == ["log attestation", "log image"]
    assert [[(failure.where, failure.transient) for failure in receipt.failures] for receipt in receipts] == [
        [(LOG, True)],
        [(LOG, True)],
    ]
    assert log_urls(receipts) == ""


async def test_what_is_deferred_is_stored_at_once_and_again_with_its_entry() -> None:
    here = Recorder()
    await carried_out(planned(enabled="true", mode="deferred"), here, deferred=True)
    for kind in ("attestation", "image"):
        steps = [step for step in here.done if kind in step]
        assert steps == [f"store {kind}", f"log {kind}", f"store {kind} with its entry"]


async def test_a_log_that_is_down_keeps_nothing_from_being_stored_where_it_is_deferred() -> None:
    here, kept = Recorder(log_errors=[OUTAGE, OUTAGE]), Kept()
    plan = planned(enabled="true", mode="deferred")
    receipts = await carried_out(plan, here, deferred=True, kept=kept)
    assert all(receipt.stored and receipt.failures[0].transient for receipt in receipts)
    here.done.clear()
    receipts = await carried_out(plan, here, deferred=True, kept=kept)
    assert sorted(here.done) == ["log attestation", "log image", *_stored()]
    assert not any(receipt.failures for receipt in receipts)


async def test_what_is_logged_is_not_logged_again_when_only_storing_failed() -> None:
    here, kept = Recorder(store_errors=[OUTAGE, OUTAGE]), Kept()
    await carried_out(planned(enabled="true"), here, kept=kept)
    assert sorted(here.done) == ["log attestation", "log image"]
    await carried_out(planned(enabled="true"), here, kept=kept)
    assert here.done[2:] == _stored()


@pytest.mark.parametrize(
    ("enabled", "annotations", "logged"),
    [
        ("true", {}, True),
        ("false", {UPLOAD: "true"}, False),
        ("", {UPLOAD: "true"}, False),
        ("manual", {}, False),
        ("manual", {UPLOAD: "True"}, False),
        ("manual", {UPLOAD: "true"}, True),
        ("manual", {UPLOAD: "true", "chains.tekton.dev/transparency": "https://rekor.example.com/"}, True),
    ],
)
async def test_what_is_logged_is_for_the_setting_and_the_run_to_say(
    enabled: str, annotations: dict[str, str], logged: bool
) -> None:
    here = Recorder()
    await carried_out(planned(annotations, enabled=enabled), here)
    assert here.entries == (2 if logged else 0)
    assert len([step for step in here.done if step.startswith("store")]) == 2


async def test_what_is_to_be_logged_is_not_stored_where_no_log_is_wired() -> None:
    here = Recorder()
    receipts = await sign_plan(planned(enabled="true"), {"x509": here}, {"oci": here})
    assert here.done == []
    assert [receipt.failures[0].transient for receipt in receipts] == [False, False]
