"""What may go wrong between us and a registry, as kinds of error that somebody asks for."""

from chains.errors import EdgeError


class UnreachableError(EdgeError):
    """No connection came about; over another scheme one might."""


class DeniedError(EdgeError):
    """The registry, or its token service, does not take this credential; it may take another."""


class UnreadableError(EdgeError):
    """This one object is missing or too large; others of the same repository may be fine."""
