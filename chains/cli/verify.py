"""`chains verify`: are these images signed by this key?"""

from functools import partial
from typing import Any

import click

from chains.artifacts.reference import shown
from chains.cli.cosign_command import CosignCommand, refuse, switch
from chains.cli.image_flags import ImageFlags
from chains.cli.image_list import SomeFailedError, for_each, image_list_flags, images_from
from chains.cli.image_source import ImageNotFoundError, ImageSource, run_within
from chains.cli.verify_flags import (
    NOT_CHECKED,
    Logs,
    VerifyFlags,
    all_flags,
    annotations_from,
    images_beside_logs,
    log_verifier,
)
from chains.cli.verify_output import Printed, print_banner, print_signatures
from chains.cli.verifying_key import verifier_for
from chains.errors import ChainsError
from chains.payloads.candidate import Layout
from chains.pipeline.claims import names
from chains.pipeline.ports import Verifier
from chains.pipeline.verify import Demands, NoneHoldsError, NothingStoredError, verify_signatures

NOTHING_STORED = 10
IMAGE_NOT_FOUND = 11
NONE_HOLDS = 12


@click.command(name="verify", cls=CosignCommand)
@click.argument("images", nargs=-1, metavar="IMAGE...")
@image_list_flags
@click.option("--annotations", "-a", multiple=True, metavar="KEY=VALUE", help="What the signature must carry.")
@switch("--accept-attestation-as-signature", text="Take any bundle for a signature, as cosign 3 does.")
@switch("--check-identity", text="What is signed must name the image's repository, and be of cosign's type.")
@switch("--strict-json", text="Take payloads only as skopeo, podman and CRI-O do, statements only as in-toto has them.")
@all_flags
def command(images: tuple[str, ...], annotations: tuple[str, ...], **given: Any) -> None:
    """Verify that images are signed by a key: cosign's signatures in tags and in bundles.

    Ends with 0 when each image has a signature that holds, 10 when one has none, 11 when it does not exist, 12 when
    none of its signatures holds, 1 for the rest.
    """
    try:
        images = images_from(images, given["from_file"])
        flags = VerifyFlags.of(given)
        flags.check()
        wanted, logs = annotations_from(annotations), log_verifier(flags)
        run_within(flags.timeout, _verify_all(images, flags, flags.demands(wanted, logs), logs, ImageFlags.of(given)))
    except ChainsError as error:
        refuse(str(error), _exit_code(error))


async def _verify_all(
    images: tuple[str, ...], flags: VerifyFlags, demands: Demands, logs: Logs | None, where: ImageFlags
) -> None:
    verifier = await verifier_for(flags.key, flags.signature_digest_algorithm, offline=flags.offline)
    printed = Printed(flags.output_file)
    if flags.log_ignored:
        click.echo(NOT_CHECKED["signature"], err=True)
    async with images_beside_logs(where, images, verifier, logs) as source:
        check = partial(_verify, source, verifier, demands, flags.output, printed)
        await for_each(images, check, keep_going=flags.keep_going)


async def _verify(
    source: ImageSource, verifier: Verifier, demands: Demands, output: str, printed: Printed, name: str
) -> None:
    image = await source.resolve(name)
    verified = await verify_signatures(image, source.stored(name), verifier, demands)
    print_banner(name, verified, "signature")
    for claim in (one.claim for one in verified.accepted if one.signed.envelope is None and image.repository.registry):
        if not names(claim, image):
            click.echo(f"WARNING: the signature names {shown(claim.reference)}, not {image.repository}", err=True)
    print_signatures(printed, name, verified, output)


def _exit_code(error: ChainsError) -> int:
    if isinstance(error, SomeFailedError):
        return _exit_code(error.first)
    if isinstance(error, NothingStoredError):
        return NOTHING_STORED
    if isinstance(error, ImageNotFoundError):
        return IMAGE_NOT_FOUND
    if isinstance(error, NoneHoldsError):
        in_tag = any(refusal.candidate.layout is Layout.TAG for refusal in error.refusals)
        return NONE_HOLDS if in_tag else 1  # cosign's code for bundles that do not hold
    return 1
