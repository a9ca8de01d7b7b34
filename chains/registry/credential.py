"""One registry credential, and the shape of what offers them."""

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Protocol

from chains.artifacts.reference import Repository


@dataclass(frozen=True, slots=True)
class Credential:
    """What somebody goes by: user and password, a refresh token for the token service, or a ready bearer token."""

    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    registry_token: str = field(default="", repr=False)

    @property
    def basic(self) -> str:
        """The value of an Authorization header with user and password."""
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()


class Keychain(Protocol):
    """Offers credentials; the client remembers, for as long as the object lives, which one a repository took."""

    def credentials(self, repository: Repository) -> AsyncIterator[Credential]:
        """Yield the credentials for a repository, best first, each looked up no sooner than it is asked for."""
