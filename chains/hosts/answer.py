"""A host's complete answer to one request."""

from dataclasses import dataclass, field

from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers and body; the body of an error is cut short, and `complaint` is what it says, in brackets."""

    url: URL
    status: int
    headers: CIMultiDictProxy[str] = field(default_factory=lambda: CIMultiDictProxy(CIMultiDict()))
    body: bytes = b""
    complaint: str = ""
