"""What may go wrong between us and a registry, as kinds of error that somebody asks for."""

from chains.errors import EdgeError


class DeniedError(EdgeError):
    """The registry, or its token service, does not take this credential; it may take another."""
