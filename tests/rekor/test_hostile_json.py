"""JSON that nests without end is refused like any other that cannot be read."""

from collections.abc import Callable

import pytest

from chains.errors import ChainsError
from chains.payloads.dsse import read_envelope
from chains.payloads.log_annotation import read_annotation
from chains.payloads.log_entry_json import read_log_entry
from chains.payloads.sigstore_bundle import read_bundle
from chains.registry.cosign_layout import layers_of
from chains.registry.referrers import bundle_layer, referrers_in
from chains.rekor.answers import read_entries
from chains.rekor.bodies import read_body
from chains.rekor.log_key import read_log_keys

DEEP = b"[" * 200_000 + b"]" * 200_000
READERS: list[Callable[[bytes], object]] = [
    read_envelope,
    read_bundle,
    read_log_entry,
    lambda content: read_annotation(content.decode()),
    layers_of,
    referrers_in,
    read_entries,
    read_body,
    read_log_keys,
]


@pytest.mark.parametrize("member", [b"x", b"spec", b"config", b"layers", b"manifests", b"payload"])
@pytest.mark.parametrize("read", READERS)
def test_what_nests_without_end_is_refused(read: Callable[[bytes], object], member: bytes) -> None:
    with pytest.raises(ChainsError):
        read(b'{"apiVersion":"0.0.1","kind":"dsse","%s":%s}' % (member, DEEP))


def test_a_manifest_that_nests_without_end_holds_no_bundle() -> None:
    assert bundle_layer(b'{"layers":%s}' % DEEP) is None
