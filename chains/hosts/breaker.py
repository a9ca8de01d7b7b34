"""A circuit breaker for hosts and their parts: who keeps failing is left alone, and tried by one request at a time."""

import asyncio
import math
import random
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import Enum
from types import TracebackType
from typing import Self

from chains.errors import EdgeError
from chains.hosts.answer import Answer
from chains.hosts.errors import UnreachableError, WithheldError
from chains.hosts.place import Failure, Place
from chains.hosts.recent import Recent
from chains.hosts.refusals import is_passing, wait_asked_for

FAILURES = 3
SHORTEST_WAIT = 1.0
LONGEST_WAIT = 30.0
# Whoever waits for a host asks for it more often than this, in seconds.
LONGEST_INTEREST = 1800.0
JITTER = 0.25
# What is told of a request that failed: its host and status, None when no answer came.
Tell = Callable[[str, int | None], None]


class State(Enum):
    """How requests to a host in trouble fare: sent, refused, or refused while one of them tries."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


_WORSE = (State.CLOSED, State.HALF_OPEN, State.OPEN)


@dataclass(slots=True, eq=False)
class _Circuit:
    """A place that failed last: how often in a row, how long it is left alone, who tries it, who was told of it when.

    `parts` are those of a host that failed in this row: each counts once, so that none speaks for the others.
    """

    last: Failure
    failures: int = 0
    openings: int = 0
    until: float = 0.0
    asked_until: float = 0.0
    awaited_at: float = 0.0
    offered_at: float = 0.0
    trial: "Attempt | None" = None
    parts: set[str] = field(default_factory=set)

    @property
    def state(self) -> State:
        if self.trial is not None:
            return State.HALF_OPEN
        return State.OPEN if self.openings else State.CLOSED


class Breaker:
    """Knows the places that failed last; any other costs a look into a mapping.

    A host falls out by failures of several parts, or by connections that do not come about. One that does answer is
    not left alone by parts that it answered well last.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        draw: Callable[[float, float], float] = random.uniform,
        hosts: int = 1024,
    ) -> None:
        """Remember at most `hosts`, with none nobody is left alone, and as many parts.

        `draw` picks a wait between two, in seconds as the monotonic `clock` counts.
        """
        self._clock = clock
        self._draw = draw
        self._hosts: Recent[Place, _Circuit] = Recent(hosts)
        self._parts: Recent[Place, _Circuit] = Recent(hosts)
        self._well: Recent[Place, bool] = Recent(hosts)
        self._recovered = False
        self._news = asyncio.Event()

    def states(self) -> Mapping[str, State]:
        """Return the worst state of each host whose last request failed, or of which a part is left alone."""
        found: dict[str, State] = {}
        for place, circuit in self._all():
            if circuit.openings or not place.part:
                found[place.host] = max(found.get(place.host, State.CLOSED), circuit.state, key=_WORSE.index)
        return found

    def left_alone(self) -> frozenset[str]:
        """Return what is left alone now, hosts and parts of them."""
        return frozenset(str(place) for place, circuit in self._all() if circuit.openings)

    async def chance(self) -> bool:
        """Wait until a place that is left alone, and asked for, works again (True) or may be tried (False)."""
        while True:
            self._news.clear()
            if self._recovered:
                self._recovered = False
                return True
            now = self._clock()
            awaited = [circuit for _, circuit in self._all() if self._is_awaited(circuit)]
            first = min(awaited, key=lambda each: each.offered_at, default=None)
            if first is not None and first.offered_at <= now:
                # Nobody may take it: it is offered again when the longest wait is over.
                first.offered_at = now + LONGEST_WAIT
                return False
            with suppress(TimeoutError):
                async with asyncio.timeout(None if first is None else min(first.offered_at - now, SHORTEST_WAIT)):
                    await self._news.wait()

    def wait(self, host: str, *, system: str = "", part: str = "") -> float:
        """Return for how many seconds a place is left alone from now on."""
        barred = self._barring(Place(system, host, part))
        return max([0.0, *(circuit.until - self._clock() for _, circuit in barred)])

    def attempt(
        self, host: str, tell: Tell = lambda host, status: None, *, system: str = "", part: str = ""
    ) -> "Attempt":
        """Return the context of one request to a place, from before it may be sent to its end; `tell` if it failed."""
        return Attempt(self, Place(system, host, part), tell)

    def admit(self, attempt: "Attempt") -> None:
        """Let a request go out; raise EdgeError when its host, or its part of it, is to be left alone."""
        barring = self._barring(attempt.place)
        for place, circuit in barring:
            now = self._clock()
            if circuit.trial is not None or circuit.until > now:
                circuit.awaited_at = now
                raise _left_alone(place, circuit, now)
        for _, circuit in barring:
            circuit.trial = attempt

    def failed(self, attempt: "Attempt", failure: Failure) -> None:
        """Count a failure: against its host once for each part, always where no connection came about."""
        place = attempt.place
        host = self._hosts.get(place.home) or self._hosts.set(place.home, _Circuit(failure))
        if not place.part or issubclass(failure.refusal, UnreachableError):
            self._count(host, attempt, failure)
            self.abandoned(attempt)
            return
        self._well.drop(place)
        self._count(self._parts.get(place) or self._parts.set(place, _Circuit(failure)), attempt, failure)
        if place.part not in host.parts:
            if not host.openings:
                host.parts.add(place.part)
            # What one part is asked to wait is not asked of the others.
            self._count(host, attempt, replace(failure, asked=0.0))

    def succeeded(self, attempt: "Attempt") -> None:
        """Forget the failures of a place, unless it is left alone and this is not the request that tries it."""
        place, home = attempt.place, self._hosts.get(attempt.place.home)
        if place.part:
            self._well.set(place, True)
            self._close(self._parts, place, attempt)
        if self._close(self._hosts, place.home, attempt, well=self._is_well(place, home)):
            self._forgive(place.home)

    def abandoned(self, attempt: "Attempt") -> None:
        """Let another request try the place instead of one that was cancelled or withheld."""
        for circuit in (self._parts.get(attempt.place), self._hosts.get(attempt.place.home)):
            if circuit is not None and circuit.trial is attempt:
                circuit.trial = None
                self._news.set()

    def _all(self) -> list[tuple[Place, _Circuit]]:
        return [*self._hosts.items(), *self._parts.items()]

    def _barring(self, place: Place) -> list[tuple[Place, _Circuit]]:
        """Return what leaves this place alone: its own circuit, and its host's unless the host answers it well."""
        part, host = self._parts.get(place), self._hosts.get(place.home)
        found = [(place, part), (place.home, None if self._is_well(place, host) else host)]
        return [(where, circuit) for where, circuit in found if circuit is not None and circuit.openings]

    def _is_well(self, place: Place, host: _Circuit | None) -> bool:
        """Whether a host, answering with failures elsewhere, answered this part of it well last."""
        return host is not None and host.last.answered and place in self._well

    def _count(self, circuit: _Circuit, attempt: "Attempt", failure: Failure) -> None:
        if circuit.openings and circuit.trial is not attempt:
            return  # It went out before the place was left alone, and says nothing new.
        now = self._clock()
        circuit.failures += 1
        circuit.last, circuit.trial = failure, None
        circuit.asked_until = max(circuit.asked_until, now + failure.asked)
        if circuit.failures >= FAILURES:
            wait = min(SHORTEST_WAIT * 2.0 ** min(circuit.openings, 10), LONGEST_WAIT / (1 + JITTER))
            circuit.openings += 1
            circuit.parts.clear()
            circuit.until = max(now + self._draw(wait, wait * (1 + JITTER)), circuit.asked_until)
            circuit.offered_at = circuit.until
        if circuit.openings == 1:
            circuit.awaited_at = now
        self._news.set()

    def _close(self, among: Recent[Place, _Circuit], place: Place, attempt: "Attempt", *, well: bool = False) -> bool:
        """Forget the failures of what works; return whether that is news to who waits.

        It is none where others failed for a moment only: they would be taken up again and again.
        """
        circuit = among.get(place)
        if circuit is None or (circuit.openings and circuit.trial is not attempt and not well):
            return False
        among.drop(place)
        if circuit.trial is not attempt and circuit.openings <= 1:
            return False
        self._recovered = True
        self._news.set()
        return True

    def _forgive(self, home: Place) -> None:
        """Let the parts of a host that works again be tried at once, but for those that are asked to wait."""
        now = self._clock()
        for place, circuit in list(self._parts.items()):
            if place.home == home and circuit.asked_until <= now:
                self._parts.drop(place)

    def _is_awaited(self, circuit: _Circuit) -> bool:
        lately = self._clock() - circuit.awaited_at < LONGEST_INTEREST
        return circuit.state is State.OPEN and lately


class Attempt:
    """One request to a place; what leaves the context, an answer or an error, says how the place fares."""

    __slots__ = ("_answer", "_begun", "_breaker", "_tell", "place")

    def __init__(self, breaker: Breaker, place: Place, tell: Tell) -> None:
        self.place = place
        self._tell = tell
        self._breaker = breaker
        self._begun = False
        self._answer: Answer | None = None

    def begin(self) -> None:
        """Say that the request goes out now; raise EdgeError when the place is to be left alone."""
        self._breaker.admit(self)
        self._begun = True

    def answered(self, answer: Answer) -> Answer:
        """Hand in, and get back, what the host answered."""
        self._answer = answer
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        answer = self._answer
        if not self._begun:
            return
        if isinstance(error, WithheldError):
            self._breaker.abandoned(self)
            return
        if answer is not None and answer.status >= 400:
            self._tell(self.place.host, answer.status)
        elif answer is None and isinstance(error, EdgeError):
            self._tell(self.place.host, None)
        if isinstance(error, EdgeError) and error.transient:
            refusal = UnreachableError if isinstance(error, UnreachableError) else EdgeError
            self._breaker.failed(self, Failure(str(error), refusal))
        elif answer is not None and is_passing(answer.status):
            asked = wait_asked_for(answer.headers.get("Retry-After"))
            failure = Failure(f"it answered {answer.status}", asked=asked or 0.0, answered=True)
            self._breaker.failed(self, failure)
        elif answer is not None or isinstance(error, EdgeError):
            self._breaker.succeeded(self)
        else:
            self._breaker.abandoned(self)


def _left_alone(place: Place, circuit: _Circuit, now: float) -> EdgeError:
    """Return the refusal, of the kind of the last failure: one without a connection leaves another scheme to try.

    Only what the host itself asked for is a wait to be obeyed: who is told of its recovery may come at once.
    """
    tried = f"it is tried next in {math.ceil(circuit.until - now)} s"
    when = "it is being tried now" if circuit.trial is not None else tried
    return circuit.last.refusal(
        f"{place} is left alone after {circuit.failures} failures in a row: {circuit.last.cause}; {when}",
        transient=True,
        retry_after=circuit.asked_until - now if circuit.asked_until > now else None,
    )
