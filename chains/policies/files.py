"""Policy files, each with the engine that its ending names."""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from chains.errors import InputError

_CUE = "CUE policies are not supported: write the same in Rego (.rego) or CEL (.cel)"


class Policy(Protocol):
    """Judges statements."""

    def check(self, statement: bytes) -> None:
        """Return when the statement satisfies the policy, else raise VerificationError."""


def read_policies(paths: Sequence[Path]) -> tuple[Policy, ...]:
    """Return the policies of these files: all Rego files as one, each CEL file by itself. Raises InputError."""
    for path in paths:
        if path.suffix == ".cue":
            raise InputError(f"{path}: {_CUE}")
        if path.suffix not in (".rego", ".cel"):
            raise InputError(f"invalid policy format, expected .rego or .cel: {path}")
    rego = [path for path in paths if path.suffix == ".rego"]
    found: list[Policy] = [_engine("rego", "RegoPolicy", rego)] if rego else []
    return (*found, *(_engine("cel", "CelPolicy", path) for path in paths if path.suffix == ".cel"))


def read_text(path: Path) -> str:
    """Return a policy's text."""
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the policy {path} cannot be read: {error}") from error


def _engine(module: str, name: str, argument: object) -> Policy:
    """Load an engine only when it is asked for: they are large, and not everybody has them."""
    try:
        loaded = importlib.import_module(f"chains.policies.{module}")
    except ModuleNotFoundError as error:
        raise InputError(
            f"policies need {error.name}, which is not installed: pip install '.[verify-policies]' in the checkout"
        ) from error
    policy: Policy = getattr(loaded, name)(argument)
    return policy
