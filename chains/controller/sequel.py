"""What follows a turn: its run waits, is tried again, or is done with and told of."""

import time
from collections.abc import Callable

from chains.controller.announcements import announce, announce_retry
from chains.controller.intake import Intake
from chains.controller.outcomes import backoff, write_outcome, write_retry
from chains.controller.ports import Cluster
from chains.controller.queue import Lane, RunQueue
from chains.controller.settling import Settling
from chains.controller.shares import OwnStore, Shares
from chains.controller.turn import End, Turn
from chains.pipeline.parts import Parts
from chains.runs.sighting import RunKey

WAITING_POLL = 15.0


class Sequel:
    """Draws the consequences of turns; `is_able` says whether there is what to sign with."""

    def __init__(
        self,
        queue: RunQueue,
        intake: Intake,
        cluster: Cluster,
        shares: Shares,
        settling: Settling,
        is_able: Callable[[], bool],
    ) -> None:
        self._queue = queue
        self._intake = intake
        self._cluster = cluster
        self._shares = shares
        self._settling = settling
        self._is_able = is_able

    def follow(self, turn: Turn, parts: Parts | None) -> None:
        """Do what follows a turn that was taken with these parts."""
        match turn.end:
            case End.WAITING | End.BLOCKED | End.RETRY if not self._shares.is_ours(turn.key):
                self._forget(turn.key)
            case End.WAITING:
                # Marks and events wake it at once; the delay is for one that no watch ever tells of.
                self._queue.add_later(turn.key, WAITING_POLL)
            case End.BLOCKED:
                self._intake.blocked.add(turn.key)
                if self._is_able():
                    self._intake.unblock()
            case End.RETRY:
                self._try_again(turn)
            case End.GONE if self._intake.has_last_state(turn.key):
                self._queue.add(turn.key, Lane.LIVE)
            case _:
                self._conclude(turn)
        if turn.end in (End.SIGNED, End.RESUMED) and parts is not None and (store := parts.stores.get("oci")):
            self._settling.note(turn.receipts, OwnStore(store, self._shares, turn.key), parts.config.quiet_time)

    def _try_again(self, turn: Turn) -> None:
        if self._intake.give_up_overdue(turn.key, turn.sentence):
            return
        past = self._intake.past(turn.key)
        past.attempts += 1
        past.not_before = time.monotonic() + (turn.retry_after or 0.0)
        wait = max(turn.retry_after or 0.0, backoff(past.attempts))
        self._queue.add_later(turn.key, wait)
        write_retry(turn, wait)
        announce_retry(self._cluster, turn, past.attempts, wait)

    def _conclude(self, turn: Turn) -> None:
        self._forget(turn.key)
        write_outcome(turn)
        announce(self._cluster, turn)
        if turn.end in (End.SIGNED, End.NOTHING_TO_SIGN, End.FAILED):
            self._intake.note_marked(turn.key)

    def _forget(self, key: RunKey) -> None:
        self._intake.forget(key)
        self._queue.forget(key)
