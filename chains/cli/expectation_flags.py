"""The flags that say what attestations must say: plain ones, and policy files."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from chains.cli.cosign_command import switch, together
from chains.cli.image_flags import Flags
from chains.errors import ChainsError, InputError
from chains.pipeline.expectations import Expectations
from chains.pipeline.verify import NoneHoldsError, Refusal, Verified
from chains.policies.files import Policy, read_policies

_AGE = re.compile(r"(?:([0-9]{1,5})d)?(?:([0-9]{1,6})h)?(?:([0-9]{1,7})m)?(?:([0-9]{1,9})s)?", re.ASCII)

expectation_flags = together(
    click.option("--policy", "policy", multiple=True, metavar="FILE", help="A .rego or .cel file that must allow it."),
    click.option("--builder-id", default="", metavar="URI", help="Who must have built it."),
    click.option("--source-uri", default="", metavar="URI", help="What must be among its materials."),
    click.option("--source-digest", default="", metavar="[ALG:]HEX", help="That material's digest, as a commit."),
    switch("--run-succeeded", text="The provenance must tell that every task succeeded."),
    click.option("--max-age", default="", metavar="TIME", help="How long ago the build may have ended, as in 30d."),
)


class _Expected(Flags, frozen=True):
    policy: tuple[str, ...] = ()
    builder_id: str = ""
    source_uri: str = ""
    source_digest: str = ""
    run_succeeded: bool = False
    max_age: str = ""


def expected_from(given: Mapping[str, object], now: datetime | None = None) -> tuple[Expectations, tuple[Policy, ...]]:
    """Return what click's parameters expect of provenance at that time, and the policies; raise InputError."""
    flags = _Expected.of(given)
    expected = Expectations(
        flags.builder_id,
        flags.source_uri,
        flags.source_digest,
        flags.run_succeeded,
        _age(flags.max_age) if flags.max_age else None,
        now or datetime.now(UTC),
    )
    paths = [Path(name) for names in flags.policy for name in names.split(",") if name]
    return expected, read_policies(paths)


def check_policies(verified: Verified, policies: tuple[Policy, ...]) -> None:
    """Raise NoneHoldsError unless every attestation satisfies every policy; as in cosign one failure fails all."""
    failed: list[Refusal] = []
    for one in verified.accepted:
        for policy in policies:
            try:
                policy.check(one.signed.payload.body)
            except ChainsError as error:
                failed.append(Refusal(one.candidate, f"{one.candidate.digest}: {error}"))
    if failed:
        why = "\n ".join(map(str, failed))
        raise NoneHoldsError(f"{len(failed)} validation errors occurred: {why}", tuple(failed))


def _age(text: str) -> timedelta:
    found = _AGE.fullmatch(text)
    if found is None or not any(found.groups()):
        raise InputError(f"--max-age {text[:40]!r} is no span of time: write one such as 30d or 12h")
    days, hours, minutes, seconds = (int(number or 0) for number in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
