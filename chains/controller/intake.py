"""From what the watch sees to what the workers do: which runs are worth a turn, and what is remembered of them."""

import random
import time
from collections.abc import Callable

import msgspec
import structlog

from chains.config.config import Config
from chains.controller.past import Past
from chains.controller.queue import Lane, RunQueue
from chains.controller.resumption import LATELY
from chains.controller.state import State
from chains.errors import InputError
from chains.runs.authors import is_forged
from chains.runs.glance import Glance, glance
from chains.runs.marks import is_asked_for, is_foreign, is_settled, needs_turn
from chains.runs.moment import is_before
from chains.runs.sighting import RunKey
from chains.runs.stamp import stored_within

# The watch tells of them within moments.
MOST_MARKED = 1024
# Of all last states together; runs that nobody frees by force are held until they are signed.
MOST_BYTES = 16 * 1024 * 1024

log = structlog.get_logger()


class Intake:
    """Queues runs after a glance that costs little.

    `pasts` holds what is remembered of runs that are not settled yet, `parents` the PipelineRuns that wait for
    children, `blocked` the runs that wait for a key, `forged` those whose mark is somebody else's, `lately` those
    that were signed shortly before the service came to see them, and `marked` those that were marked last: when a mark
    ends a deletion, what the watch tells of the run last is how it was before. A run that is not `is_ours` is another
    replica's. Of the last states of runs that were deleted unsigned, those of the last `MOST_BYTES` are kept, for the
    horizon; `give_up` is told of the others.
    """

    def __init__(
        self,
        queue: RunQueue,
        state: State,
        is_ours: Callable[[RunKey], bool] = lambda key: True,
        give_up: Callable[[RunKey, str], None] = lambda key, why: None,
    ) -> None:
        self.pasts: dict[RunKey, Past] = {}
        self.parents: set[RunKey] = set()
        self.blocked: set[RunKey] = set()
        self.forged: set[RunKey] = set()
        self.lately: set[RunKey] = set()
        self.marked: dict[RunKey, None] = {}
        self._queue = queue
        self._state = state
        self._is_ours = is_ours
        self._give_up = give_up
        self._sizes: dict[RunKey, int] = {}
        self._bytes = 0

    def see(self, kind: str, text: msgspec.Raw, lane: Lane, *, gone: bool) -> None:
        """Look at a run as the watch reported it: its metadata if of the backlog, its last state if it is `gone`."""
        try:
            seen = glance(kind, text)
            if not self._is_ours(seen.key):
                return
            if self._is_forged(seen, text):
                self.forged.add(seen.key)
        except InputError as error:
            log.warning("a run cannot be read", kind=kind, why=str(error))
            return
        if gone:
            self._see_last(seen, text)
        elif seen.key in self.forged or self._needs_turn(seen, lane):
            self.lately.discard(seen.key)
            self.marked.pop(seen.key, None)
            if not self._is_to_wait(seen.key):
                self._queue.add(seen.key, lane)
        elif lane is Lane.BACKLOG and stored_within(LATELY, seen.annotations):
            self.lately.add(seen.key)
            self._queue.add(seen.key, lane)
        if seen.parent in self.parents and (gone or is_settled(seen.annotations)):
            self._queue.add(seen.parent, lane)

    def past(self, key: RunKey) -> Past:
        """Return what is remembered of a run."""
        return self.pasts.setdefault(key, Past())

    def has_last_state(self, key: RunKey) -> bool:
        """Whether a run's last state came while it was still thought to be there."""
        past = self.pasts.get(key)
        return past is not None and past.last_state is not None

    def give_up_overdue(self, key: RunKey, why: str) -> bool:
        """Give a run up that was deleted longer ago than the horizon; return whether it was."""
        horizon = self._state.horizon
        overdue = time.monotonic() - self.past(key).gone_since > horizon
        if overdue:
            self._lose(key, f"it was deleted, and could not be signed in {horizon:.0f} s: {why}")
        return overdue

    def forget(self, key: RunKey) -> None:
        """Drop all that is remembered of a run."""
        self._bytes -= self._sizes.pop(key, 0)
        self.pasts.pop(key, None)
        self.parents.discard(key)
        self.blocked.discard(key)
        self.forged.discard(key)
        self.lately.discard(key)

    def note_marked(self, key: RunKey) -> None:
        """Say that a run has just been marked; the last `MOST_MARKED` of them are remembered."""
        self.marked[key] = None
        if len(self.marked) > MOST_MARKED:
            del self.marked[next(iter(self.marked))]

    def drop(self, is_dropped: Callable[[RunKey], bool]) -> None:
        """Drop all that is remembered of the runs that are so."""
        for key in {*self.pasts, *self.parents, *self.blocked, *self.forged, *self.lately}:
            if is_dropped(key):
                self.forget(key)

    def hurry(self, most: int) -> int:
        """Queue so many of the runs that wait for their next try, any of them; return how many there were to queue.

        None is tried before the time that the outside asked for.
        """
        now = time.monotonic()
        waiting = [key for key, past in self.pasts.items() if self._queue.waits(key) and past.not_before <= now]
        chosen = random.sample(waiting, min(most, len(waiting)))
        for key in chosen:
            self._queue.add(key, Lane.BACKLOG)
        return len(chosen)

    def _is_to_wait(self, key: RunKey) -> bool:
        """Whether the outside asked us to leave a run alone for longer; its try is queued for then."""
        past = self.pasts.get(key)
        return past is not None and past.not_before > time.monotonic() and self._queue.waits(key)

    def unblock(self) -> None:
        """Queue every run that waited for a key."""
        for key in self.blocked:
            self._queue.add(key, Lane.BACKLOG)
        self.blocked.clear()

    def _needs_turn(self, seen: Glance, lane: Lane) -> bool:
        parts = self._state.parts
        if lane is Lane.BACKLOG:
            return needs_turn(seen.annotations, seen.hold, done=None) and not self._is_passed_over(seen)
        in_progress = not seen.done and not seen.hold.deleted
        if in_progress and parts is not None and not _is_wanted(seen, parts.config):
            return False
        return needs_turn(seen.annotations, seen.hold, done=seen.done)

    def _is_passed_over(self, seen: Glance) -> bool:
        """Whether a run is older than what is signed; one that ends later shows up as a change."""
        is_old = is_before(seen.created, self._state.oldest)
        return is_old and not seen.hold.ours and not is_asked_for(seen.annotations)

    def _see_last(self, seen: Glance, text: msgspec.Raw) -> None:
        """Sign a run that was deleted before its turn from the last state it had."""
        if seen.done and not is_settled(seen.annotations) and seen.key not in self.marked:
            self._keep(seen.key, bytes(text))
            self._queue.add(seen.key, Lane.LIVE)
        else:
            self.forget(seen.key)
            self._queue.forget(seen.key)

    def _keep(self, key: RunKey, last_state: bytes) -> None:
        past = self.past(key)
        past.last_state, past.gone_since = last_state, time.monotonic()
        self._bytes += len(last_state) - self._sizes.pop(key, 0)
        self._sizes[key] = len(last_state)
        while self._bytes > MOST_BYTES and len(self._sizes) > 1:
            oldest = next(iter(self._sizes))
            self._lose(oldest, f"it was deleted, and more than {MOST_BYTES >> 20} MiB of such runs wait to be signed")

    def _lose(self, key: RunKey, why: str) -> None:
        self.forget(key)
        self._queue.drop(key.__eq__)
        self._give_up(key, why)

    def _is_forged(self, seen: Glance, text: msgspec.Raw) -> bool:
        trusted = self._state.parts.config.trusted_managers if self._state.parts else frozenset()
        return bool(trusted) and is_settled(seen.annotations) and is_forged(text, trusted)


def _is_wanted(seen: Glance, config: Config) -> bool:
    return config.signs(seen.key.kind) and not is_foreign(seen.managed_by, config.managed_by)
