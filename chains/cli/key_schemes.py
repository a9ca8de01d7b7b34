"""The schemes of key references: which lead where, and which lead nowhere yet."""

import re

from chains.errors import InputError

CLUSTER = ("k8s", "k8s-cm")
WEB = ("http", "https")
_LATER = ("awskms", "gcpkms", "azurekms", "hashivault", "ovhkms", "pkcs11", "gitlab", "github")
_USER = re.compile(r"(?:[^/?#]*://)?[^/?#]*@")


def unusable(scheme: str, places: str) -> InputError:
    """Return the error for a scheme that is none of the `places` a key may be at."""
    if scheme in _LATER:
        return InputError(f"keys of {scheme}:// are not built yet: use {places}")
    return InputError(f"{scheme}:// is no place for such a key: use {places}")


def check_no_user(address: str, what: str) -> None:
    """Raise InputError for an address with a user in it; the sentence does not repeat the password."""
    if _USER.match(address):
        raise InputError(f"{what} takes no user or password in its address: they would be in reports")
