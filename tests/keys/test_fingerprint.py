"""Keys are called what OpenSSH and cosign call them."""

import pytest

from chains.keys.verifier import KeyVerifier
from tests.keys.builders import PUBLISHED_PUBLIC_KEY, capture


def test_the_published_key_has_its_published_names() -> None:
    verifier = KeyVerifier.from_pem(PUBLISHED_PUBLIC_KEY)
    assert verifier.key_id == "SHA256:bSg+Gqm434K6mqip3ZIWDt7Mb86PPGvEXhhbgS8/0jU"
    assert verifier.key_hint == "zKO1MsH75PA2rKJe4G7jInVkjwpmhusTPC+s/vrq7AI="


@pytest.mark.parametrize(
    ("name", "fingerprint"),
    [
        ("a.pub", "SHA256:6565vcjZxjIc2F8RwKZ4a4FjhL0h9tGiJfgiEG89sMc"),
        ("p384.pub", "SHA256:at4eeFwz3/I9Q4dEjpmcGwtclMxTNBYmn4AZT81zQ3M"),
        ("p521.pub", "SHA256:1haxTUG8+xLuQt3bAcnuHjGE41C6MKJ44u1JjGKgPZM"),
        ("rsa.pub", "SHA256:dSAwcrpEvGQP8yRGDvYrhUbK3LkWyWFDt26jzPUGmxg"),
        ("ed.pub", "SHA256:YjUpj3zEPvXVcBQ5KJZMgMXd8yHuMueZFqB1DeJTLOc"),
    ],
)
def test_key_ids_are_what_ssh_keygen_prints(name: str, fingerprint: str) -> None:
    assert KeyVerifier.from_pem(capture(name)).key_id == fingerprint


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("k31/cosign.pub", "19yG3FwVMZnIQiaZvTSe+j4DU6X3MFBasNdiM7uiz4E="),
        ("imprsa31.pub", "cOHz9R2FmvB/KY4PfWg46BBrAvh2hPi8j5+NR4iTcsM="),
        ("impp38431.pub", "PmFnqOERmnraV3QlEuNj7aGrc//vzfbsgNMC+KHke9s="),
    ],
)
def test_key_hints_are_what_cosign_put_into_its_bundles(name: str, hint: str) -> None:
    assert KeyVerifier.from_pem(capture(name)).key_hint == hint
