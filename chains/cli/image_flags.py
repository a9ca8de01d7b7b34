"""The flags that say where images are."""

from collections.abc import Mapping
from pathlib import Path
from typing import Self

import click
import msgspec

from chains.cli.cosign_command import switch, together
from chains.payloads.candidate import Layout


class Flags(msgspec.Struct, frozen=True):
    """A command's flags as one value."""

    @classmethod
    def of(cls, given: Mapping[str, object]) -> Self:
        """Take from click's parameters those that it is made of."""
        names = {field.name for field in msgspec.structs.fields(cls)}
        return cls(**{name: value for name, value in given.items() if name in names})


class ImageFlags(Flags, frozen=True):
    """Where images and what stands beside them are."""

    allow_http_registry: bool = False
    allow_insecure_registry: bool = False
    attachment_tag_prefix: str = ""
    registry_cacert: Path | None = None
    registry_password: str = ""
    registry_token: str = ""
    registry_username: str = ""
    local_image: bool = False
    new_bundle_format: bool = True
    signature_format: str = "any"

    @property
    def layouts(self) -> frozenset[Layout]:
        """The layouts that are read."""
        if self.signature_format == "any":
            return frozenset(Layout) if self.new_bundle_format else frozenset({Layout.TAG})
        return frozenset({Layout.TAG if self.signature_format == "legacy" else Layout.BUNDLE})


reach_flags = together(
    switch("--allow-http-registry", text="Speak plain HTTP where a registry has no TLS."),
    switch("--allow-insecure-registry", text="Take any certificate of a registry, and plain HTTP."),
    click.option("--attachment-tag-prefix", default="", metavar="P", help="What cosign's tags begin with."),
    click.option("--registry-cacert", type=click.Path(path_type=Path), metavar="FILE", help="Authorities to trust."),
    click.option("--registry-username", default="", metavar="NAME", help="A user of the registry."),
    click.option("--registry-password", default="", metavar="TEXT", help="That user's password."),
    click.option("--registry-token", default="", metavar="TEXT", help="A bearer token for the registry."),
    switch("--k8s-keychain", hidden=True),
    switch("--verbose", "-d", hidden=True),
)

registry_flags = together(
    reach_flags,
    click.option("--timeout", "-t", default="3m0s", show_default=True, metavar="TIME", help="For the whole command."),
)

form_flags = together(
    click.option(
        "--signature-format",
        type=click.Choice(["any", "legacy", "bundle"]),
        default="any",
        show_default=True,
        help="Read cosign's tags, Sigstore bundles, or both.",
    ),
    switch("--new-bundle-format", default=True, hidden=True),
    switch("--experimental-oci11", hidden=True),
)

layout_flags = together(
    switch("--local-image", text="The image is a folder that `chains save` or `cosign save` wrote."),
    form_flags,
)
