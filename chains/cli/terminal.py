"""Text from outside on its way to a terminal."""

from chains.audit.text import printable

__all__ = ["printable"]
