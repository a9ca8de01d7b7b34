"""`chains download`: what stands beside an image, as it is stored, unverified."""

from collections.abc import Iterable, Mapping
from typing import Any

import click
import msgspec

from chains.artifacts.image_name import ImageName
from chains.artifacts.reference import ImageReference
from chains.cli.cosign_command import CosignCommand, output_file_flag, refuse
from chains.cli.image_flags import ImageFlags, registry_flags
from chains.cli.image_source import run_within
from chains.cli.predicate_types import predicate_type
from chains.cli.registry_images import RegistryImages, registry_images
from chains.cli.verbs import VerbGroup
from chains.errors import InputError
from chains.payloads.dsse import read_envelope
from chains.payloads.sigstore_bundle import read_usable_bundle
from chains.registry.cosign_layout import BUNDLE_KEY, CERTIFICATE_KEY, CHAIN_KEY, SIGNATURE_KEY, TIMESTAMP_KEY
from chains.registry.platforms import child_for
from chains.registry.stored_layers import StoredLayer

MOST = 100


class _Statement(msgspec.Struct):
    predicate_type: str = msgspec.field(name="predicateType", default="")


@click.group(name="download", cls=VerbGroup)
def command() -> None:
    """Print what is stored beside an image, without verifying it."""


@command.command(name="signature", cls=CosignCommand)
@click.argument("image")
@output_file_flag
@registry_flags
def signature(image: str, timeout: str, **given: Any) -> None:
    """Print the image's signatures, one JSON object a line, and its bundles as they are."""
    tagged, bundles = run_within(timeout, _beside(image, ".sig", "", ImageFlags.of(given)))
    lines = [*map(_signature, tagged), *_compact(bundles)]
    if not lines:
        refuse(f"{image}: no signatures associated")
    _print(lines)


@command.command(name="attestation", cls=CosignCommand)
@click.argument("image")
@click.option("--predicate-type", "type_name", default="", metavar="TYPE", help="Only those of this predicate type.")
@click.option("--platform", default="", metavar="OS/ARCH", help="Of an index, the image for this platform.")
@output_file_flag
@registry_flags
def attestation(image: str, type_name: str, platform: str, timeout: str, **given: Any) -> None:
    """Print the image's attestations: envelopes one a line, and bundles as they are."""
    tagged, bundles = run_within(timeout, _beside(image, ".att", platform, ImageFlags.of(given)))
    if not tagged and not bundles:
        refuse("found no attestations")
    wanted = predicate_type(type_name)
    lines = [
        *(_envelope(layer.body) for layer in tagged if not wanted or _type_of_envelope(layer.body) == wanted),
        *_compact(layer for layer in bundles if not wanted or _type_of_bundle(layer.body) == wanted),
    ]
    if not lines:
        refuse(f"no attestations with predicate type '{wanted}' found")
    _print(lines)


async def _beside(
    name: str, suffix: str, platform: str, flags: ImageFlags
) -> tuple[tuple[StoredLayer, ...], tuple[StoredLayer, ...]]:
    """Return the readable layers of the tag, and the bundles."""
    async with registry_images(flags, (name,)) as source:
        image = await _image(source, name, platform)
        reader = source.reader(name)
        tagged, bundles = await reader.tagged(image, suffix), await reader.bundles(image)
    if len(tagged) > MOST:
        raise InputError(f"number of layers ({len(tagged)}) exceeded the limit ({MOST})")
    for layer in (*tagged, *bundles):
        if layer.fault:
            raise InputError(f"{layer.digest} cannot be downloaded: {layer.fault}")
    return tagged, tuple(layer for layer in bundles if _is_bundle(layer.body))


async def _image(source: RegistryImages, name: str, platform: str) -> ImageReference:
    if not platform:
        return await source.resolve(name)
    parsed = ImageName.parse(name)
    return ImageReference(parsed.repository, child_for(platform, (await source.manifest(parsed)).body))


def _signature(layer: StoredLayer) -> bytes:
    return msgspec.json.encode(
        {
            "Base64Signature": layer.annotations.get(SIGNATURE_KEY, ""),
            "Payload": layer.body,
            "Cert": layer.annotations.get(CERTIFICATE_KEY) or None,
            "Chain": layer.annotations.get(CHAIN_KEY) or None,
            "Bundle": _json(layer.annotations, BUNDLE_KEY),
            "RFC3161Timestamp": _json(layer.annotations, TIMESTAMP_KEY),
        }
    )


def _json(annotations: Mapping[str, str], key: str) -> msgspec.Raw:
    try:
        return msgspec.json.decode(annotations.get(key) or "null", type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(f"the annotation {key} is no JSON: {error}") from error


def _envelope(body: bytes) -> bytes:
    """Return an envelope as cosign prints it; raise InputError for what is none."""
    envelope = read_envelope(body)
    signatures = [{"keyid": one.key_id, "sig": one.raw} for one in envelope.signatures]
    return msgspec.json.encode(
        {"payloadType": envelope.payload_type, "payload": envelope.body, "signatures": signatures}
    )


def _type_of_envelope(body: bytes) -> str:
    return _type_of(read_envelope(body).body)


def _type_of_bundle(body: bytes) -> str:
    return _type_of(read_usable_bundle(body).envelope.body)


def _type_of(statement: bytes) -> str:
    try:
        return msgspec.json.decode(statement, type=_Statement).predicate_type
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def _is_bundle(body: bytes) -> bool:
    try:
        return bool(read_usable_bundle(body))
    except InputError:
        return False


def _compact(bundles: Iterable[StoredLayer]) -> list[bytes]:
    return [msgspec.json.format(layer.body, indent=-1) for layer in bundles]


def _print(lines: Iterable[bytes]) -> None:
    for line in lines:
        click.echo(line)
