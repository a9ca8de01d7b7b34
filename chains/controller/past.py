"""What is remembered of one run between its turns; forgotten as soon as it is settled."""

from dataclasses import dataclass, field

from chains.payloads.payload import Stored


@dataclass(slots=True)
class Past:
    """How often it was tried, what is stored of it already, and its last state if it has been deleted.

    `kept` goes by the digest of what was signed and the store's name. `not_before` is the monotonic time, in seconds,
    until which the outside asked us to wait.
    """

    attempts: int = 0
    not_before: float = 0.0
    kept: dict[tuple[bytes, str], Stored] = field(default_factory=dict)
    last_state: bytes | None = None
