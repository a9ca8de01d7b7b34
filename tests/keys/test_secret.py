"""A secret's files become a signer, or a sentence that says which file is wrong."""

import pytest

from chains.errors import InputError
from chains.keys.secret import signer_from_secret
from tests.keys.builders import capture, cheap_key

ENCRYPTED = {"cosign.key": capture("k31/cosign.key"), "cosign.password": b"trial-pass-31\n"}


def test_the_encrypted_key_signs_where_there_is_no_plain_one() -> None:
    assert signer_from_secret(ENCRYPTED).public_pem == capture("k31/cosign.pub")


def test_the_plain_key_comes_first() -> None:
    assert signer_from_secret({**ENCRYPTED, "x509.pem": capture("a.pem")}).public_pem == capture("a.pub")


@pytest.mark.parametrize("bad", [b"", b"garbage", capture("k31/cosign.key")])
def test_a_bad_plain_key_is_an_error_even_beside_a_good_encrypted_one(bad: bytes) -> None:
    with pytest.raises(InputError, match=r"^x509\.pem: "):
        signer_from_secret({**ENCRYPTED, "x509.pem": bad})


@pytest.mark.parametrize("files", [{}, {"cosign.pub": capture("a.pub")}, {"cosign.password": b""}])
def test_a_secret_without_a_key_says_what_it_must_hold(files: dict[str, bytes]) -> None:
    with pytest.raises(InputError, match=r"put x509\.pem, or cosign\.key and cosign\.password, into the secret"):
        signer_from_secret(files)


def test_a_missing_password_file_is_not_an_empty_password() -> None:
    key = cheap_key(password=b"")
    with pytest.raises(InputError, match=r"^cosign\.key: cosign\.password is missing beside it"):
        signer_from_secret({"cosign.key": key})
    assert signer_from_secret({"cosign.key": key, "cosign.password": b""}).key_id.startswith("SHA256:")


def test_an_encrypted_key_that_holds_no_key_is_refused() -> None:
    with pytest.raises(InputError, match=r"^cosign\.key: this is no private key that can be read"):
        signer_from_secret({"cosign.key": cheap_key(b"not a key"), "cosign.password": b"pw"})


def test_no_message_repeats_the_password() -> None:
    with pytest.raises(InputError) as refusal:
        signer_from_secret({"cosign.key": cheap_key(), "cosign.password": b"hunter2"})
    error: BaseException | None = refusal.value
    while error is not None:
        assert "hunter2" not in repr(error)
        error = error.__cause__ or error.__context__
