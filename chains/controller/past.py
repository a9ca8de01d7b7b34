"""What is remembered of one run between its turns; forgotten as soon as it is settled."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from chains.pipeline.ports import Signer
from chains.pipeline.sign import Kept


@dataclass(slots=True)
class Past:
    """How often it was tried, what is logged and stored of it already, and its last state if it has been deleted.

    `not_before` is the monotonic time, in seconds, until which the outside asked us to wait, `leaving_since` the one at
    which its deletion was first seen, `gone_since` the one at which its last state came; `signers` are those that
    signed what is stored.
    """

    attempts: int = 0
    not_before: float = 0.0
    leaving_since: float | None = None
    kept: Kept = field(default_factory=Kept)
    last_state: bytes | None = None
    gone_since: float = math.inf
    signers: Mapping[str, Signer] = field(default_factory=dict)

    def leaving_for(self, now: float) -> float:
        """Return for how many seconds its deletion is known here, from the first call on.

        The API's own time of it was written by another machine's clock, which may be hours off.
        """
        if self.leaving_since is None:
            self.leaving_since = now
        return now - self.leaving_since
