"""One bucket as one replica sees it: the record, since when it stands still, and until when we may write."""

import asyncio
import math
from dataclasses import dataclass, field

from chains.kube.lease import Lease


@dataclass(frozen=True, slots=True)
class Term:
    """In seconds: how long a lease lasts after a renewal was seen, its holder writes after one, and between looks."""

    lease: float = 15.0
    renew: float = 10.0
    retry: float = 2.0

    @property
    def seconds(self) -> int:
        """What a record asks others to wait, in whole seconds."""
        return math.ceil(self.lease)

    @property
    def patience(self) -> float:
        """How long a free bucket is left to those who have fewer, or who asked for it."""
        return 2 * self.retry


@dataclass(slots=True)
class Seat:
    """What is known of a bucket's Lease, and of our own hold on it.

    `seen_at` is when the record was last observed to change, `until` the end of our hold; both on this machine's clock.
    `was_there` says that the first look found a record.
    While `leaving`, what was begun is brought to its end; then the seat is `vacant` and is given up.
    """

    bucket: int
    name: str
    lease: Lease | None = None
    looked: bool = False
    was_there: bool = False
    seen_at: float = -math.inf
    vanished: bool = False
    held: bool = False
    until: float = -math.inf
    leaving: asyncio.Task[None] | None = None
    vacant: bool = False
    trouble: str = ""
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def observe(self, lease: Lease | None, now: float) -> None:
        """Note what the record is now; the wait for its end begins anew only where its holder gave a sign of life."""
        self.was_there = self.was_there if self.looked else lease is not None
        before = self.lease.sign_of_life if self.lease is not None else None
        self.vanished = lease is None and (self.vanished or self.lease is not None)
        if not self.looked or before != (lease.sign_of_life if lease is not None else None):
            self.seen_at = now
        self.lease, self.looked = lease, True

    def free_at(self, term: Term, identity: str) -> float:
        """Return from when on this bucket may be taken: at once where nobody else holds it.

        A record that was there and is not has been deleted by a third party: its holder may not know yet.
        """
        if self.vanished:
            return self.seen_at + term.lease
        if self.lease is None or self.lease.holder in ("", identity):
            return self.seen_at
        return self.seen_at + max(self.lease.seconds, term.lease)

    def holder(self, term: Term, now: float) -> str:
        """Return who holds it as far as one can see; nobody where the record has stood still for too long."""
        if self.lease is None or now >= self.free_at(term, ""):
            return ""
        return self.lease.holder
