"""New key pairs are what cosign writes."""

import re

from chains.keys.generate import generate_key_pair
from chains.keys.secret import signer_from_secret
from tests.keys.builders import NEW_LABEL, capture, der

BASE64 = re.compile(rb'"[A-Za-z0-9+/=]{32,}"')


def test_a_new_key_pair_opens_with_its_password_and_signs_for_its_public_key() -> None:
    pair = generate_key_pair(b"secret")
    signer = signer_from_secret({"cosign.key": pair.private_pem, "cosign.password": b"secret\n"})
    assert (signer.public_pem, signer.kind) == (pair.public_pem, "ECDSA P-256")


def test_a_new_private_key_looks_like_cosigns_own() -> None:
    ours, cosigns = generate_key_pair(b"").private_pem, capture("k31/cosign.key")
    assert BASE64.sub(b'""', der(ours)) == BASE64.sub(b'""', der(cosigns))
    assert [len(text) for text in BASE64.findall(der(ours))] == [len(text) for text in BASE64.findall(der(cosigns))]
    assert [len(line) for line in ours.splitlines()] == [len(line) for line in cosigns.splitlines()]
    assert ours.startswith(b"-----BEGIN %s-----\n" % NEW_LABEL.encode())
    assert ours.endswith(b"-----\n")


def test_a_key_pair_shows_no_private_part() -> None:
    pair = generate_key_pair(b"")
    assert "PRIVATE" not in repr(pair)
