"""What may go wrong between us and a host, as kinds of error that somebody asks for."""

from chains.errors import EdgeError


class UnreachableError(EdgeError):
    """No connection came about; over another scheme one might."""


class WithheldError(EdgeError):
    """We did not let this write go out, which says nothing of its host."""


class UnreadableError(EdgeError):
    """This one object is missing or too large; others in the same place may be fine."""
