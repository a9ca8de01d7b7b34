"""Leader election over Leases, one a bucket: who may write is judged by this machine's own clock alone."""

import asyncio
import random
import zlib
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Protocol, TypeVar

from chains.errors import EdgeError
from chains.kube.clocks import Moments, clock
from chains.kube.lease import Lease
from chains.kube.seat import Seat, Term
from chains.kube.spread import Spread

T = TypeVar("T")


class Leases(Protocol):
    """Where Leases are kept; a write succeeds only if nobody wrote since what it is based on was read."""

    async def get(self, name: str) -> Lease | None:
        """Return a Lease as it is now, None where there is none."""

    async def create(self, name: str, lease: Lease) -> Lease | None:
        """Make a Lease; return None where there is one already."""

    async def replace(self, name: str, lease: Lease) -> Lease | None:
        """Write a Lease over the one that it was read from; return None where that has changed or is gone."""


class Holder(Protocol):
    """Who is told of the buckets won and lost."""

    def gained(self, bucket: int) -> None:
        """Take up the work of a bucket."""

    def lost(self, bucket: int) -> None:
        """Drop the work of a bucket at once."""

    def given(self, bucket: int) -> None:
        """Drop the work of a bucket that is given up by choice."""

    async def emptied(self, bucket: int) -> None:
        """Begin nothing more in a bucket, and return when what was begun is done."""


class Elector:
    """Stands for every bucket on behalf of one replica.

    A bucket that was given up is taken by whoever has less than a fair share of them, and after a while by anybody. Who
    has two fewer than the replica with the most asks it for one, in the record; it finishes what it began, and lets go.
    """

    def __init__(
        self,
        leases: Leases,
        names: tuple[str, ...],
        identity: str,
        term: Callable[[], Term],
        settled: asyncio.Event,
        *,
        now: Callable[[], float] = clock,
        moment: Callable[[], str] | None = None,
    ) -> None:
        """Set it up.

        `names` are the Leases, one a bucket. `settled` is set once each has been looked at. `now` gives seconds, and
        `moment` what a record shows of the time.
        """
        self._settled = settled
        self._leases = leases
        self._identity = identity
        self._term = term
        self._now = now
        self._moment = moment or Moments()
        self._seats = tuple(Seat(bucket, name) for bucket, name in enumerate(names))
        self._unseen = set(range(len(names)))
        self._choosing = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []
        self._withdrawn = False

    @property
    def buckets(self) -> int:
        """How many buckets there are."""
        return len(self._seats)

    @property
    def trouble(self) -> str:
        """Why a bucket that is not held cannot be looked at, empty when all can."""
        return next((seat.trouble for seat in self._seats if seat.trouble and not seat.held), "")

    def leads(self, bucket: int) -> bool:
        """Say whether what belongs to a bucket may be written at this moment."""
        seat = self._seats[bucket]
        return seat.held and self._now() < seat.until

    async def run(self, holder: Holder) -> None:
        """Stand for every bucket until resigned or cancelled."""
        # Each begins elsewhere, so that those who start together do not all grasp at the same.
        order = sorted(self._seats, key=lambda seat: zlib.crc32(f"{self._identity} {seat.name}".encode()))
        self._tasks = [asyncio.create_task(self._campaign(seat, holder)) for seat in order]
        try:
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_EXCEPTION)
            for task in self._tasks:
                if task.done() and not task.cancelled():
                    task.result()
        finally:
            self._end()

    def withdraw(self) -> None:
        """Renew what is held, and take or ask for nothing more: what was begun comes to its end."""
        self._withdrawn = True

    async def resign(self, holder: Holder, seconds: float = 3.0) -> None:
        """Stand no more and give up what is held, so that others need not wait; all work must have ended."""
        self._end()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        held = [seat for seat in self._seats if seat.held]
        # What cannot be given up runs out.
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await asyncio.gather(*(self._release(seat, holder) for seat in held), return_exceptions=True)

    def _end(self) -> None:
        for task in (*self._tasks, *(seat.leaving for seat in self._seats)):
            if task is not None:
                task.cancel()

    async def _campaign(self, seat: Seat, holder: Holder) -> None:
        while True:
            asked = 0.0
            try:
                await self._step(seat, holder)
                seat.trouble = ""
            except EdgeError as error:
                seat.trouble, asked = str(error), error.retry_after or 0.0
            self._check(seat, holder)
            self._unseen.discard(seat.bucket)
            if not self._unseen:
                self._settled.set()
            await self._pause(seat, asked)

    async def _step(self, seat: Seat, holder: Holder) -> None:
        self._check(seat, holder)
        if seat.vacant:
            await self._release(seat, holder)
        elif seat.held:
            await self._renew(seat, holder)
        elif not self._withdrawn:
            await self._look(seat)
            await self._take_or_ask(seat, holder)

    def _check(self, seat: Seat, holder: Holder) -> None:
        if seat.held and self._now() >= seat.until:
            self._lose(seat, holder)

    async def _pause(self, seat: Seat, asked: float) -> None:
        """Wait for the next look, which comes sooner where something ends sooner, and later where the API asked for it.

        A hold is not given up to that: half of what is left of it is waited at most, to have time to try again.
        """
        term, now = self._term(), self._now()
        wait = term.retry * random.uniform(0.9, 1.1)  # noqa: S311 - spreads load, guards nothing
        end = seat.until if seat.held else seat.free_at(term, self._identity)
        left = end - now
        if seat.held:
            wait = min(max(wait, asked), max(left / 2, term.retry / 4))
        if left > 0:
            wait = min(wait, left)
        if not seat.held:
            wait = max(wait, min(asked, term.lease))
        seat.wake.clear()
        if seat.vacant:
            return
        try:
            async with asyncio.timeout(wait):
                await seat.wake.wait()
        except TimeoutError:
            return

    async def _look(self, seat: Seat) -> None:
        # What was sent before is seen late: only from the answer on is it known that the record stands still.
        found = await self._asked(self._leases.get(seat.name))
        seat.observe(found, self._now())

    async def _take_or_ask(self, seat: Seat, holder: Holder) -> None:
        async with self._choosing:
            spread = self._spread()
            if spread.may_take(seat):
                await self._take(seat, holder)
            elif seat.lease is not None and spread.may_ask_for(seat):
                asked = replace(seat.lease, wanted_by=self._identity)
                written = await self._asked(self._leases.replace(seat.name, asked))
                if written is not None:
                    seat.observe(written, self._now())

    async def _take(self, seat: Seat, holder: Holder) -> None:
        # Read once: what the record asks others to wait, and how long we write, must be of one setting.
        term, sent, moment, before = self._term(), self._now(), self._moment(), seat.lease
        ours = Lease(self._identity, term.seconds, moment, moment)
        if before is None:
            written = await self._asked(self._leases.create(seat.name, ours))
        else:
            turns = before.transitions + (before.holder != self._identity)
            ours = replace(ours, transitions=turns, kept=before.kept)
            written = await self._asked(self._leases.replace(seat.name, ours))
        if written is None:
            await self._look(seat)
        elif self._kept(seat, written, sent + term.renew):
            seat.held, seat.vacant, seat.leaving = True, False, None
            holder.gained(seat.bucket)

    async def _renew(self, seat: Seat, holder: Holder) -> None:
        """Renew, once more where the record has changed and is ours still: somebody asked for the bucket."""
        for _ in range(2):
            term, sent = self._term(), self._now()
            lease = self._answered(seat, holder)
            ours = replace(lease, seconds=term.seconds, renewed=self._moment())
            try:
                written = await self._asked(self._leases.replace(seat.name, ours), seat.until - sent)
            except EdgeError:
                await self._look_again(seat, holder)
                raise
            if written is not None:
                # A hold that has lapsed was noticed by whoever asked meanwhile: it is lost, and may be won again.
                self._check(seat, holder)
                self._kept(seat, written, sent + term.renew)
                return
            if not await self._look_again(seat, holder):
                return

    async def _look_again(self, seat: Seat, holder: Holder) -> bool:
        """Return whether the record of a bucket that we hold is ours still; one that was deleted is not."""
        await self._look(seat)
        ours = seat.lease is not None and seat.lease.holder == self._identity
        if not ours and seat.held:
            self._lose(seat, holder)
        return ours

    def _answered(self, seat: Seat, holder: Holder) -> Lease:
        """Return our record with the answer to who asks for it: a wish that is not granted is struck out."""
        lease = seat.lease or Lease()
        if lease.wanted_by and seat.leaving is None:
            if not self._spread().may_give(lease.wanted_by):
                return replace(lease, wanted_by="")
            seat.leaving = asyncio.create_task(self._vacate(seat, holder))
        return lease

    async def _vacate(self, seat: Seat, holder: Holder) -> None:
        await holder.emptied(seat.bucket)
        seat.vacant = seat.held
        seat.wake.set()

    async def _release(self, seat: Seat, holder: Holder) -> None:
        """Give a bucket up in the record; nothing is written in its name from before that on."""
        _let_go(seat)
        holder.given(seat.bucket)
        for _ in range(2):
            if seat.lease is None or seat.lease.holder != self._identity:
                return
            free = replace(seat.lease, holder="", seconds=1, renewed=self._moment())
            written = await self._asked(self._leases.replace(seat.name, free))
            if written is not None:
                seat.observe(written, self._now())
                return
            await self._look(seat)

    def _kept(self, seat: Seat, written: Lease, until: float) -> bool:
        """Note a renewal, which counts from when it was sent; return whether it came in time."""
        seat.observe(written, self._now())
        seat.until = until
        return self._now() < seat.until

    def _lose(self, seat: Seat, holder: Holder) -> None:
        _let_go(seat)
        holder.lost(seat.bucket)

    def _spread(self) -> Spread:
        return Spread(self._seats, self._identity, self._term(), self._now())

    async def _asked(self, request: Awaitable[T], within: float | None = None) -> T:
        """Wait for an answer so long that another request can follow before the deadline."""
        most = self._term().renew / 2
        try:
            async with asyncio.timeout(most if within is None else max(0.0, min(most, within))):
                return await request
        except TimeoutError as error:
            raise EdgeError("the Kubernetes API did not answer in time for a lease", transient=True) from error


def _let_go(seat: Seat) -> None:
    if seat.leaving is not None:
        seat.leaving.cancel()
    seat.held, seat.vacant, seat.leaving = False, False, None
