"""Whatever byte beside an image is changed, nothing false is believed; bits instead of bytes with the long profile."""

import re

import pytest
from hypothesis import settings

from tests.verify.logged import good
from tests.verify.mutants import EACH, EACH_BIT

FLIPS = EACH_BIT if settings.get_current_profile_name() == "long" else (0x01,)

# Where a changed byte may leave what verifies as it was, and why that is harmless.
DESCRIPTION = "says what the registry is to make of it; what is signed names image and predicate type itself"
SIZE = "bounds what is fetched; the digest decides what it must be"
UNREAD = "no verifier reads it"
NAME = "a member under another name is one that is not there; what must be there is asked for by name"
HINT = "helps to find the key, which the auditor has"
ALONE = "the inclusion proof holds without the signed timestamp beside it"
PADDING = "the bits that base64 leaves over: the bytes that it stands for are the same"
CASE = "digits and algorithms in capital letters, and what base64 leaves over: the bytes are the same"
SIGNER = "the name before a checkpoint's signature, which is none of what is signed"
HARMLESS = {
    r"(manifest|blob): .* name": NAME,
    r"manifest: (config\..*|schemaVersion|mediaType|artifactType|subject\..*)": DESCRIPTION,
    r"manifest: annotations\.(dev\.sigstore\.bundle|org\.opencontainers)\..*": DESCRIPTION,
    r"manifest: layers\.0\.mediaType": DESCRIPTION,
    r"manifest: layers\.0\.size": SIZE,
    r"manifest: layers\.0\.digest": CASE,
    r"manifest: layers\.0\.annotations\.dev\.sigstore\.cosign/(certificate|chain)": UNREAD,
    r"manifest: layers\.0\.annotations\.predicateType": UNREAD,
    r"manifest: layers\.0\.annotations\.dev\.cosignproject\.cosign/signature": PADDING,
    r"manifest: layers\.0\.annotations\.dev\.sigstore\.cosign/bundle": CASE,
    r"blob: mediaType": "another version from 0.3 on, which is read alike",
    r"blob: signatures\.0\.keyid": HINT,
    r"blob: verificationMaterial\.publicKey\.hint": HINT,
    r"blob: verificationMaterial\.tlogEntries\.0\.kindVersion\..*": UNREAD,
    r"blob: verificationMaterial\.tlogEntries\.0\.inclusionProof\.checkpoint\.envelope": SIGNER,
    r"blob: (.*\.)?(payload|sig|signedEntryTimestamp|rootHash|keyId|canonicalizedBody|hashes\.0)": PADDING,
}
# At most this many bits of such a place, as there are no more of its kind in it.
FEW = {PADDING: 4, CASE: 40, SIGNER: 10 * len(FLIPS)}


@pytest.mark.parametrize("name", EACH)
async def test_a_change_anywhere_makes_nothing_false_believed(name: str) -> None:
    found = await EACH[name](await good(), FLIPS)
    assert not found.false
    assert found.refused + found.accepted.total() == found.tried
    assert found.refused > found.tried / 2
    for place, count in found.accepted.items():
        why = next((reason for pattern, reason in HARMLESS.items() if re.fullmatch(pattern, place)), "")
        assert why, f"{count} changes of {place} are accepted, and nobody said why that is harmless"
        assert count <= FEW.get(why, count), (place, count)
