"""`chains triangulate`: where are an image's signatures, whether or not there are any?"""

from typing import Any

import click

from chains.cli.cosign_command import CosignCommand, output_file_flag, refuse
from chains.cli.image_flags import ImageFlags, registry_flags
from chains.cli.image_source import run_within
from chains.cli.registry_images import registry_images

SUFFIXES = {"signature": ".sig", "attestation": ".att", "sbom": ".sbom"}


@click.command(name="triangulate", cls=CosignCommand)
@click.argument("image")
@click.option(
    "--type",
    "kind",
    default="signature",
    show_default=True,
    metavar="TYPE",
    help="signature, attestation, sbom or digest.",
)
@output_file_flag
@registry_flags
def command(image: str, kind: str, timeout: str, **given: Any) -> None:
    """Print the tag that cosign keeps an image's signatures or attestations under, or the image by digest."""
    if kind not in (*SUFFIXES, "digest"):
        refuse(f"unknown attachment type {kind}")
    click.echo(run_within(timeout, _place(image, kind, ImageFlags.of(given))))


async def _place(name: str, kind: str, flags: ImageFlags) -> str:
    async with registry_images(flags, (name,)) as source:
        image = await source.resolve(name)
        if kind == "digest":
            return str(image)
        shelf = source.registry_shelf()
        return f"{shelf.place(image)}:{shelf.tag(image, SUFFIXES[kind])}"
