"""`chains verify-attestation`: are these images attested by this key, and what do the attestations say?"""

from typing import Any

import click

from chains.cli.cosign_command import CosignCommand, refuse
from chains.cli.image_flags import ImageFlags
from chains.cli.image_source import ImageNotFoundError, ImageSource, image_source, run_within
from chains.cli.predicate_types import predicate_type
from chains.cli.verify_flags import NOT_CHECKED, VerifyFlags, all_flags, log_verifier
from chains.cli.verify_output import Printed, print_attestations, print_banner
from chains.cli.verifying_key import verifier_for
from chains.errors import ChainsError
from chains.pipeline.ports import Verifier
from chains.pipeline.verify import Demands, NoneHoldsError, NothingStoredError, OtherTypeError, verify_attestations

DETAILED = ((NothingStoredError, 10), (ImageNotFoundError, 11), (NoneHoldsError, 12), (OtherTypeError, 12))


@click.command(name="verify-attestation", cls=CosignCommand)
@click.argument("images", nargs=-1, metavar="IMAGE...")
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
@all_flags
def command(images: tuple[str, ...], type_name: str, exit_codes: str, **given: Any) -> None:
    """Verify that images are attested by a key, and print the attestations, one envelope a line."""
    if not images:
        refuse("requires at least 1 arg(s), only received 0")
    try:
        flags = VerifyFlags.of(given)
        flags.check()
        demands = flags.demands({}, log_verifier(flags))
        run_within(flags.timeout, _verify_all(images, type_name, flags, demands, ImageFlags.of(given)))
    except ChainsError as error:
        detailed = next((code for kind, code in DETAILED if isinstance(error, kind)), 1)
        refuse(str(error), detailed if exit_codes == "detailed" else 1)


async def _verify_all(
    images: tuple[str, ...], type_name: str, flags: VerifyFlags, demands: Demands, where: ImageFlags
) -> None:
    verifier = await verifier_for(flags.key, flags.signature_digest_algorithm, offline=flags.offline)
    printed = Printed(flags.output_file)
    if flags.log_ignored:
        click.echo(NOT_CHECKED["attestation"], err=True)
    async with image_source(where, images) as source:
        for name in images:
            await _verify(name, source, verifier, type_name, demands, printed)


async def _verify(
    name: str, source: ImageSource, verifier: Verifier, type_name: str, demands: Demands, printed: Printed
) -> None:
    image = await source.resolve(name)
    try:
        verified = await verify_attestations(image, source.stored(name), verifier, predicate_type(type_name), demands)
    except OtherTypeError as error:
        found = ",".join(error.found)
        sentence = f"none of the attestations matched the predicate type: {type_name}, found: {found}"
        raise OtherTypeError(sentence, error.found) from error
    print_banner(name, verified, "attestation")
    print_attestations(printed, verified)
