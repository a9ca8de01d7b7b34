"""How buckets are spread among replicas: each judges alone, by what the records say."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from chains.kube.seat import Seat, Term


@dataclass(frozen=True, slots=True)
class Spread:
    """Who holds how many buckets, as one replica sees it at one moment."""

    seats: Sequence[Seat]
    identity: str
    term: Term
    now: float

    def may_take(self, seat: Seat) -> bool:
        """Say whether a bucket may be taken: one that ran out, or never was, or was given up.

        The last is left for a while to who has few or asked for it; where a holder fell silent nobody is waited for. A
        record that is missing beside others may have been deleted just now: its holder does not know yet.
        """
        free_at = seat.free_at(self.term, self.identity)
        if seat.lease is None and not self._is_first_install():
            free_at = seat.seen_at + self.term.lease
        if self.now < free_at:
            return False
        ran_out = seat.lease is not None and seat.lease.holder not in ("", self.identity)
        reserved = seat.lease is not None and seat.lease.wanted_by not in ("", self.identity)
        is_left = reserved or self._ours() >= self._fair()
        return ran_out or not is_left or self.now >= free_at + self.term.patience

    def may_ask_for(self, seat: Seat) -> bool:
        """Say whether to ask a bucket's holder for it: one at a time, of who has most and two more than we."""
        counts = self._counts()
        holder = seat.holder(self.term, self.now)
        if seat.lease is None or not holder or seat.lease.wanted_by or not all(each.looked for each in self.seats):
            return False
        most = counts[holder] == max(counts.values())
        return most and counts[holder] - self._ours() >= 2 and not any(map(self._is_asked_for, self.seats))

    def may_give(self, asker: str) -> bool:
        """Say whether the replica that asks has at least two buckets fewer than we."""
        return asker != self.identity and self._ours() - self._counts()[asker] >= 2

    def _is_first_install(self) -> bool:
        """Say whether no bucket had a record when we came; until each has been looked at, one may have."""
        return all(seat.looked and not seat.was_there for seat in self.seats)

    def _ours(self) -> int:
        return sum(seat.held and seat.leaving is None for seat in self.seats)

    def _counts(self) -> Counter[str]:
        holders = (seat.holder(self.term, self.now) for seat in self.seats if not seat.held)
        return Counter(holder for holder in holders if holder)

    def _fair(self) -> int:
        """Return how many buckets fall to each of those who hold some, and to us."""
        return -(-len(self.seats) // len({*self._counts(), self.identity}))

    def _is_asked_for(self, seat: Seat) -> bool:
        holder = seat.holder(self.term, self.now)
        return bool(holder) and seat.lease is not None and seat.lease.wanted_by == self.identity
