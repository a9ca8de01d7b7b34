"""`chains save`: an image and what stands beside it, in a folder to verify it from."""

from pathlib import Path
from typing import Any

import click

from chains.artifacts.image_name import ImageName
from chains.artifacts.reference import ImageReference
from chains.cli.cosign_command import CosignCommand, output_file_flag
from chains.cli.image_flags import ImageFlags, registry_flags
from chains.cli.image_source import run_within
from chains.cli.registry_images import registry_images
from chains.registry.save import SavedImage

LARGEST_LAYER = 4 << 30


@click.command(name="save", cls=CosignCommand)
@click.argument("image")
@click.option("--dir", "folder", required=True, type=click.Path(path_type=Path), metavar="DIR", help="Where to.")
@output_file_flag
@registry_flags
def command(image: str, folder: Path, timeout: str, **given: Any) -> None:
    """Write an image, its signatures, attestations and other referrers into DIR, an OCI image layout.

    `chains verify --local-image DIR` and `cosign verify --local-image DIR` read it without a registry.
    """
    run_within(timeout, _save(image, folder, ImageFlags.of(given)))


async def _save(text: str, folder: Path, flags: ImageFlags) -> None:
    async with registry_images(flags, (text,), largest=LARGEST_LAYER) as source:
        name = ImageName.parse(text)
        manifest = await source.manifest(name)
        image = ImageReference(name.repository, manifest.digest)
        await SavedImage(folder, source.client, source.keychain, source.registry_shelf()).write(image, manifest)
