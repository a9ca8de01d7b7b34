"""Plain private keys are read in the three forms that tools write, and refused with a reason otherwise."""

import asyncio

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa, x25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from chains.errors import InputError
from chains.keys.private_key import read_private_key
from chains.keys.signer import KeySigner
from chains.keys.verifier import KeyVerifier
from tests.keys.builders import capture, damaged, der, pem

PLAIN_KEYS = ["a", "p384", "p521", "rsa", "ed"]


@pytest.mark.parametrize("name", PLAIN_KEYS)
def test_pkcs8_keys_have_the_public_keys_openssl_wrote(name: str) -> None:
    assert KeySigner.of(read_private_key(capture(f"{name}.pem"))).public_pem == capture(f"{name}.pub")


@pytest.mark.parametrize("name", ["a", "p384", "p521", "rsa"])
def test_the_older_forms_hold_the_same_key(name: str) -> None:
    older = read_private_key(capture(f"{name}.pem")).private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    )
    assert b"EC PRIVATE KEY" in older or b"RSA PRIVATE KEY" in older
    assert KeySigner.of(read_private_key(older)).public_pem == capture(f"{name}.pub")


def test_the_first_block_counts() -> None:
    both = capture("a.pem") + capture("rsa.pem")
    assert KeySigner.of(read_private_key(both)).public_pem == capture("a.pub")


def test_curve_parameters_before_the_key_are_passed_over() -> None:
    parameters = pem("EC PARAMETERS", bytes.fromhex("06082a8648ce3d030107"))
    assert KeySigner.of(read_private_key(parameters + capture("a.pem"))).public_pem == capture("a.pub")


def test_an_encrypted_pkcs8_key_is_refused_with_the_way_out() -> None:
    encrypted = read_private_key(capture("a.pem")).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"pw")
    )
    with pytest.raises(InputError, match=r"the key is encrypted; write it out plain with .* or import it with cosign"):
        read_private_key(encrypted)


def test_a_key_encrypted_in_the_old_way_is_refused_with_the_way_out() -> None:
    encrypted = read_private_key(capture("a.pem")).private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, BestAvailableEncryption(b"pw")
    )
    with pytest.raises(InputError, match="the PEM block carries headers"):
        read_private_key(encrypted)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (capture("k25/cosign.key"), "cosign's encrypted key; store it as cosign.key"),
        (capture("a.pub"), "this is a public key"),
        (pem("CERTIFICATE", b"x"), "this is a certificate"),
        (pem("OPENSSH PRIVATE KEY", b"x"), "OpenSSH's own format"),
        (pem("SOMETHING ELSE", b"x"), "of the type SOMETHING ELSE"),
        (pem("PRIVATE KEY", b"x"), "no private key that can be read"),
        (capture("a.pem")[:-30], "cut short"),
        (b"", "no PEM file"),
    ],
)
def test_what_is_no_plain_private_key_is_refused_with_the_reason(text: bytes, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        read_private_key(text)


@pytest.mark.parametrize(
    ("key", "complaint"),
    [
        (x25519.X25519PrivateKey.generate(), "X25519 keys are not supported"),
        (dsa.generate_private_key(2048), "DSA keys are not supported"),
        (ec.generate_private_key(ec.SECP256K1()), "on the curve secp256k1 are not supported"),
        (rsa.generate_private_key(65537, 1024), "RSA keys of 1024 bits are not supported"),
        (rsa.generate_private_key(65537, 2560), "RSA keys of 2560 bits are not supported"),
    ],
)
def test_other_kinds_are_named_and_the_supported_ones_listed(key: x25519.X25519PrivateKey, complaint: str) -> None:
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(InputError, match=f"{complaint}; use ECDSA P-256"):
        read_private_key(text)


def test_a_private_key_with_a_foreign_public_half_is_refused() -> None:
    mine, foreign = der(capture("a.pem")), der(capture("a.pub"))
    other = KeySigner.of(ec.generate_private_key(ec.SECP256R1())).public_pem
    assert mine.endswith(foreign[-65:])
    mixed = mine[:-65] + der(other)[-65:]
    with pytest.raises(InputError):
        KeySigner.of(read_private_key(pem("PRIVATE KEY", mixed)))


@settings(deadline=None)
@given(st.sampled_from(PLAIN_KEYS).flatmap(lambda name: damaged(capture(f"{name}.pem"))))
def test_a_damaged_file_gives_a_key_that_signs_or_an_input_error(text: bytes) -> None:
    assert_signs(loaded(text))


@settings(deadline=None)
@given(st.sampled_from(PLAIN_KEYS).flatmap(lambda name: damaged(der(capture(f"{name}.pem")))))
def test_damaged_der_gives_a_key_that_signs_or_an_input_error(body: bytes) -> None:
    assert_signs(loaded(pem("PRIVATE KEY", body)))


@given(st.binary(max_size=300))
def test_any_bytes_at_all_give_an_input_error(text: bytes) -> None:
    assert loaded(text) is None
    assert loaded(pem("PRIVATE KEY", text)) is None


def loaded(text: bytes) -> KeySigner | None:
    try:
        return KeySigner.of(read_private_key(text))
    except InputError:
        return None


def assert_signs(signer: KeySigner | None) -> None:
    if signer is not None:
        KeyVerifier.from_pem(signer.public_pem).verify(b"message", asyncio.run(signer.sign(b"message")).raw)
