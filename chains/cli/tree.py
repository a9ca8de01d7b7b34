"""`chains tree`: everything that stands beside an image."""

from collections.abc import Iterator, Sequence
from typing import Any

import click

from chains.artifacts.image_name import ImageName
from chains.cli.cosign_command import CosignCommand, output_file_flag, switch
from chains.cli.image_flags import ImageFlags, registry_flags
from chains.cli.image_source import run_within
from chains.cli.registry_images import registry_images
from chains.cli.terminal import printable

_TAGS = ((".att", "💾 Attestations"), (".sig", "🔐 Signatures"), (".sbom", "📦 SBOMs"))
_PREDICATE_TYPE = "dev.sigstore.bundle.predicateType"


@click.command(name="tree", cls=CosignCommand)
@click.argument("image")
@switch("--experimental-oci11", hidden=True)
@output_file_flag
@registry_flags
def command(image: str, timeout: str, **given: Any) -> None:
    """Show the signatures, attestations, SBOMs and other referrers of an image."""
    flags = ImageFlags.of(given)
    name = ImageName.parse(image)
    groups = run_within(timeout, _groups(image, flags))
    shown = f"{name.repository}@{name.digest}" if name.digest else f"{name.repository}:{name.tag}"
    click.echo(f"📦 Supply Chain Security Related artifacts for an image: {shown}")
    if not groups:
        click.echo(
            f"No Supply Chain Security Related Artifacts found for image {shown},\n"
            " start creating one with simply running$ cosign sign <img>"
        )
    for title, digests in groups:
        for line in _lines(title, digests):
            click.echo(printable(line))


async def _groups(name: str, flags: ImageFlags) -> list[tuple[str, list[str]]]:
    """Return a title and the digests below it for each tag and each referrer, in a fixed order."""
    async with registry_images(flags, (name,)) as source:
        image = await source.resolve(name)
        shelf, reader = source.registry_shelf(), source.reader(name)
        groups = []
        for suffix, title in _TAGS:
            layers = await reader.described(image, suffix)
            if layers:
                place = f"{shelf.place(image)}:{shelf.tag(image, suffix)}"
                groups.append((f"{title} for an image tag: {place}", list(layers)))
        for found in sorted(await reader.referrers(image), key=lambda found: str(found.digest)):
            kind = found.annotations.get(_PREDICATE_TYPE) or found.artifact_type or "unknown"
            title = f"🔗 {kind} artifacts via OCI referrer: {shelf.place(image)}@{found.digest}"
            groups.append((title, [layer.digest for layer in found.layers]))
        return groups


def _lines(title: str, digests: Sequence[str]) -> Iterator[str]:
    yield f"└── {title}"
    for digest in digests[:-1]:
        yield f"   ├── 🍒 {digest}"
    for digest in digests[-1:]:
        yield f"   └── 🍒 {digest}"
