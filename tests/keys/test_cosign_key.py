"""cosign's encrypted keys open, and only with their password."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chains.errors import InputError
from chains.keys.cosign_key import decrypt, encrypt
from chains.keys.private_key import read_private_der
from chains.keys.signer import KeySigner
from tests.keys.builders import (
    NEW_LABEL,
    OLD_LABEL,
    PUBLISHED_N32768,
    PUBLISHED_N65536,
    PUBLISHED_PKCS8,
    PUBLISHED_PUBLIC_KEY,
    capture,
    cheap_key,
    cheap_key_json,
    damaged,
    pem,
)

CHEAP_KEY = cheap_key()


@pytest.mark.parametrize("label", [OLD_LABEL, NEW_LABEL])
@pytest.mark.parametrize("body", [PUBLISHED_N32768, PUBLISHED_N65536], ids=["N=32768", "N=65536"])
def test_published_keys_open_under_both_labels_at_both_costs(label: str, body: bytes) -> None:
    assert decrypt(pem(label, body), b"pw") == PUBLISHED_PKCS8
    assert KeySigner.of(read_private_der(PUBLISHED_PKCS8)).public_pem == PUBLISHED_PUBLIC_KEY


@pytest.mark.parametrize(
    ("private", "public", "password"),
    [
        ("k25/cosign.key", "k25/cosign.pub", b"trial-pass-25"),
        ("k31/cosign.key", "k31/cosign.pub", b"trial-pass-31"),
        ("imped25.key", "imped25.pub", b"p"),
        ("imped31.key", "imped31.pub", b"p"),
        ("impp38431.key", "impp38431.pub", b"p"),
        ("imprsa31.key", "imprsa31.pub", b"p"),
    ],
)
def test_keys_that_cosign_made_have_the_public_keys_it_wrote(private: str, public: str, password: bytes) -> None:
    signer = KeySigner.of(read_private_der(decrypt(capture(private), password)))
    assert signer.public_pem == capture(public)


@pytest.mark.parametrize("password", [b"", b"pW", b"pw ", b"pw\n\n", b"\npw", b"pw\r"])
def test_a_wrong_password_is_refused_and_not_repeated(password: bytes) -> None:
    with pytest.raises(InputError, match=r"the password from cosign\.password does not open the key") as refusal:
        decrypt(CHEAP_KEY, password)
    assert "pw" not in str(refusal.value).lower()


@pytest.mark.parametrize("password", [b"pw", b"pw\n", b"pw\r\n"])
def test_one_trailing_newline_after_the_password_is_forgiven(password: bytes) -> None:
    assert decrypt(CHEAP_KEY, password) == PUBLISHED_PKCS8


def test_a_password_that_really_ends_in_a_newline_is_tried_first() -> None:
    assert decrypt(cheap_key(password=b"pw\n"), b"pw\n") == PUBLISHED_PKCS8


def test_an_empty_password_opens_a_key_without_one() -> None:
    assert decrypt(cheap_key(password=b""), b"") == PUBLISHED_PKCS8
    assert decrypt(cheap_key(password=b""), b"\n") == PUBLISHED_PKCS8


def test_a_key_with_windows_line_ends_and_text_around_it_opens() -> None:
    assert decrypt(b"exported\r\n" + CHEAP_KEY.replace(b"\n", b"\r\n") + b"\r\nrest", b"pw") == PUBLISHED_PKCS8


@pytest.mark.parametrize(("n", "r", "p"), [(2, 1, 1), (2**10, 16, 4), (2**14, 8, 1), (2**17, 8, 1)])
def test_any_cost_within_the_bounds_is_derived(n: int, r: int, p: int) -> None:
    assert decrypt(cheap_key(n=n, r=r, p=p), b"pw") == PUBLISHED_PKCS8


@pytest.mark.parametrize(
    ("n", "r", "p"),
    [
        (2**40, 8, 1),
        (2**21, 8, 1),
        (2**20, 16, 1),
        (65537, 8, 1),
        (65535, 8, 1),
        (1, 8, 1),
        (0, 8, 1),
        (-65536, 8, 1),
        (2**63, 8, 1),
        (10**30, 8, 1),
        (65536, 17, 1),
        (65536, 0, 1),
        (65536, -8, 1),
        (65536, 8, 5),
        (65536, 8, 0),
        (65536, 8, -1),
    ],
)
def test_a_cost_out_of_bounds_is_refused_before_deriving(n: int, r: int, p: int) -> None:
    key = cheap_key_json()
    key["kdf"]["params"] = {"N": n, "r": r, "p": p}
    with pytest.raises(InputError, match="the key's scrypt cost"):
        decrypt(as_pem(key), b"pw")


def as_pem(key: object) -> bytes:
    return pem(NEW_LABEL, json.dumps(key).encode())


def test_another_derivation_or_cipher_is_named_in_the_refusal() -> None:
    key = cheap_key_json()
    key["kdf"]["name"] = "argon2id"
    with pytest.raises(InputError, match="derived with 'argon2id'"):
        decrypt(as_pem(key), b"pw")
    key = cheap_key_json()
    key["cipher"]["name"] = "aes-gcm"
    with pytest.raises(InputError, match="encrypted with 'aes-gcm'"):
        decrypt(as_pem(key), b"pw")


def test_a_nonce_of_the_wrong_length_is_refused() -> None:
    key = cheap_key_json()
    key["cipher"]["nonce"] = "AAAA"
    with pytest.raises(InputError, match="nonce has 3 bytes instead of 24"):
        decrypt(as_pem(key), b"pw")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (b"", "no PEM file"),
        (b"cosign.key", "no PEM file"),
        (b"-----BEGIN ENCRYPTED SIGSTORE", "BEGIN line is damaged"),
        (b"-----BEGIN \xff-----\n-----END \xff-----\n", "BEGIN line is damaged"),
        (CHEAP_KEY[:-40], "cut short"),
        (CHEAP_KEY.replace(b"=", b"*"), "no base64"),
        (pem(NEW_LABEL, b""), "encrypted key inside the PEM block is damaged"),
        (pem(NEW_LABEL, b"not JSON"), "encrypted key inside the PEM block is damaged"),
        (pem(NEW_LABEL, b"{}"), "encrypted key inside the PEM block is damaged"),
        (pem(NEW_LABEL, b'{"kdf":{"name":"\xff"}}'), "encrypted key inside the PEM block is damaged"),
        (pem(NEW_LABEL, b'{"more":' + b"[" * 100_000), "encrypted key inside the PEM block is damaged"),
        (pem("PRIVATE KEY", PUBLISHED_PKCS8), "of the type PRIVATE KEY"),
        (PUBLISHED_PUBLIC_KEY, "of the type PUBLIC KEY"),
    ],
)
def test_what_is_no_cosign_key_is_refused_with_the_reason(text: bytes, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        decrypt(text, b"pw")


@settings(deadline=None)
@given(damaged(CHEAP_KEY))
def test_a_damaged_key_file_gives_the_true_key_or_an_input_error(text: bytes) -> None:
    assert opened(text) in (None, PUBLISHED_PKCS8)


@settings(deadline=None)
@given(damaged(json.dumps(cheap_key_json()).encode()))
def test_damaged_json_gives_the_true_key_or_an_input_error(body: bytes) -> None:
    assert opened(pem(NEW_LABEL, body)) in (None, PUBLISHED_PKCS8)


@given(st.binary(max_size=300))
def test_any_bytes_at_all_give_an_input_error(text: bytes) -> None:
    assert opened(text) is None
    assert opened(pem(NEW_LABEL, text)) is None


def opened(text: bytes) -> bytes | None:
    try:
        return decrypt(text, b"pw")
    except InputError:
        return None


def test_what_is_encrypted_opens_again_and_never_looks_the_same_twice() -> None:
    first, second = encrypt(PUBLISHED_PKCS8, b"secret"), encrypt(PUBLISHED_PKCS8, b"secret")
    assert decrypt(first, b"secret") == PUBLISHED_PKCS8
    assert first != second
