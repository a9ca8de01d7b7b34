"""`chains verify-attestation`: are these images attested by this key, and what do the attestations say?"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import click

from chains.cli.cosign_command import CosignCommand, refuse
from chains.cli.expectation_flags import check_policies, expectation_flags, expected_from
from chains.cli.image_flags import ImageFlags
from chains.cli.image_list import SomeFailedError, for_each, image_list_flags, images_from
from chains.cli.image_source import ImageNotFoundError, ImageSource, run_within
from chains.cli.predicate_types import predicate_type
from chains.cli.verify_flags import NOT_CHECKED, Logs, VerifyFlags, all_flags, images_beside_logs, log_verifier
from chains.cli.verify_output import Printed, print_attestations, print_banner
from chains.cli.verifying_key import verifier_for
from chains.errors import ChainsError
from chains.pipeline.expectations import Expectations, select
from chains.pipeline.ports import Verifier
from chains.pipeline.verify import (
    Demands,
    NoneHoldsError,
    NothingStoredError,
    OtherTypeError,
    Verified,
    verify_attestations,
)
from chains.policies.files import Policy

DETAILED = ((NothingStoredError, 10), (ImageNotFoundError, 11), (NoneHoldsError, 12), (OtherTypeError, 12))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of every image."""

    type_name: str
    demands: Demands
    expected: Expectations
    policies: tuple[Policy, ...]

    @property
    def checks(self) -> tuple[str, ...]:
        """What the banner says of it."""
        met = ("The provenance meets what was expected of it",) if self.expected.any else ()
        return (*met, "Every attestation satisfies the policies") if self.policies else met


@click.command(name="verify-attestation", cls=CosignCommand)
@click.argument("images", nargs=-1, metavar="IMAGE...")
@image_list_flags
@click.option(
    "--type",
    "type_name",
    default="custom",
    show_default=True,
    metavar="TYPE",
    help="The predicate type, or cosign's name.",
)
@click.option(
    "--exit-codes",
    type=click.Choice(["cosign", "detailed"]),
    default="cosign",
    show_default=True,
    help="detailed: 10, 11 and 12 as verify has them; cosign ends with 1 for all.",
)
@expectation_flags
@all_flags
def command(images: tuple[str, ...], type_name: str, exit_codes: str, **given: Any) -> None:
    """Verify that images are attested by a key, and print the attestations, one envelope a line."""
    try:
        images = images_from(images, given["from_file"])
        flags = VerifyFlags.of(given)
        flags.check()
        logs = log_verifier(flags)
        wanted = Wanted(type_name, flags.demands({}, logs), *expected_from(given))
        run_within(flags.timeout, _verify_all(images, wanted, flags, logs, ImageFlags.of(given)))
    except ChainsError as error:
        first = error.first if isinstance(error, SomeFailedError) else error
        detailed = next((code for kind, code in DETAILED if isinstance(first, kind)), 1)
        refuse(str(error), detailed if exit_codes == "detailed" else 1)


async def _verify_all(
    images: tuple[str, ...], wanted: Wanted, flags: VerifyFlags, logs: Logs | None, where: ImageFlags
) -> None:
    verifier = await verifier_for(flags.key, flags.signature_digest_algorithm, offline=flags.offline)
    printed = Printed(flags.output_file)
    if flags.log_ignored:
        click.echo(NOT_CHECKED["attestation"], err=True)
    async with images_beside_logs(where, images, verifier, logs) as source:
        check = partial(_verify_and_print, source, verifier, wanted, printed)
        await for_each(images, check, keep_going=flags.keep_going)


async def _verify_and_print(
    source: ImageSource, verifier: Verifier, wanted: Wanted, printed: Printed, name: str
) -> None:
    verified = await _verify(name, source, verifier, wanted)
    print_banner(name, verified, "attestation")
    for check in wanted.checks:
        click.echo(f"  - {check}", err=True)
    print_attestations(printed, verified)


async def _verify(name: str, source: ImageSource, verifier: Verifier, wanted: Wanted) -> Verified:
    image, kind = await source.resolve(name), predicate_type(wanted.type_name)
    try:
        verified = await verify_attestations(image, source.stored(name), verifier, kind, wanted.demands)
    except OtherTypeError as error:
        found = ",".join(error.found)
        sentence = f"none of the attestations matched the predicate type: {wanted.type_name}, found: {found}"
        raise OtherTypeError(sentence, error.found) from error
    verified = select(verified, wanted.expected)
    check_policies(verified, wanted.policies)
    return verified
