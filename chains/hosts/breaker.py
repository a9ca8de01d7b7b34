"""A circuit breaker for each host: one that keeps failing is left alone, and tried by one request at a time."""

import asyncio
import math
import random
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Self

from chains.errors import EdgeError
from chains.hosts.answer import Answer
from chains.hosts.errors import UnreachableError, WithheldError
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


@dataclass(slots=True, eq=False)
class _Circuit:
    """A host that failed last: how often in a row, how long it is left alone, who tries it, who was told of it when."""

    failures: int = 0
    openings: int = 0
    until: float = 0.0
    asked_until: float = 0.0
    awaited_at: float = 0.0
    offered_at: float = 0.0
    trial: "Attempt | None" = None
    cause: str = ""
    refusal: type[EdgeError] = EdgeError

    @property
    def state(self) -> State:
        if self.trial is not None:
            return State.HALF_OPEN
        return State.OPEN if self.openings else State.CLOSED


class Breaker:
    """Knows the hosts that failed last; any other costs a look into a mapping."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        draw: Callable[[float, float], float] = random.uniform,
        hosts: int = 1024,
    ) -> None:
        """Remember at most `hosts`; `draw` picks a wait between two, in seconds as the monotonic `clock` counts."""
        self._clock = clock
        self._draw = draw
        self._circuits: Recent[str, _Circuit] = Recent(hosts)
        self._recovered = False
        self._news = asyncio.Event()

    def states(self) -> Mapping[str, State]:
        """Return the state of each host whose last request failed; a host that is well is not in it."""
        return {host: circuit.state for host, circuit in self._circuits.items()}

    async def chance(self) -> bool:
        """Wait until a host that is left alone, and asked for, works again (True) or may be tried (False)."""
        while True:
            self._news.clear()
            if self._recovered:
                self._recovered = False
                return True
            now = self._clock()
            awaited = [circuit for _, circuit in self._circuits.items() if self._is_awaited(circuit)]
            first = min(awaited, key=lambda each: each.offered_at, default=None)
            if first is not None and first.offered_at <= now:
                # Nobody may take it: it is offered again when the longest wait is over.
                first.offered_at = now + LONGEST_WAIT
                return False
            with suppress(TimeoutError):
                async with asyncio.timeout(None if first is None else min(first.offered_at - now, SHORTEST_WAIT)):
                    await self._news.wait()

    def wait(self, host: str) -> float:
        """Return for how many seconds a host is left alone from now on."""
        circuit = self._circuits.get(host)
        return max(0.0, circuit.until - self._clock()) if circuit is not None and circuit.openings else 0.0

    def attempt(self, host: str, tell: Tell = lambda host, status: None) -> "Attempt":
        """Return the context of one request to a host, from before it may be sent to its end; `tell` if it failed."""
        return Attempt(self, host, tell)

    def admit(self, attempt: "Attempt") -> None:
        """Let a request go out; raise EdgeError when its host is to be left alone."""
        circuit = self._circuits.get(attempt.host)
        if circuit is None or not circuit.openings:
            return
        left = circuit.until - self._clock()
        if circuit.trial is not None or left > 0:
            circuit.awaited_at = self._clock()
            raise _left_alone(attempt.host, circuit, left, circuit.asked_until - self._clock())
        circuit.trial = attempt

    def failed(self, attempt: "Attempt", cause: str, asked: float, refusal: type[EdgeError]) -> None:
        """Count a failure; `asked` is the wait in seconds that the host asked for."""
        circuit = self._circuits.get(attempt.host) or self._circuits.set(attempt.host, _Circuit())
        if circuit.openings and circuit.trial is not attempt:
            return  # It went out before the host was left alone, and says nothing new.
        now = self._clock()
        circuit.failures += 1
        circuit.cause, circuit.refusal, circuit.trial = cause, refusal, None
        circuit.asked_until = max(circuit.asked_until, now + asked)
        if circuit.failures >= FAILURES:
            wait = min(SHORTEST_WAIT * 2.0 ** min(circuit.openings, 10), LONGEST_WAIT / (1 + JITTER))
            circuit.openings += 1
            circuit.until = max(now + self._draw(wait, wait * (1 + JITTER)), circuit.asked_until)
            circuit.offered_at = circuit.until
        if circuit.openings == 1:
            circuit.awaited_at = now
        self._news.set()

    def succeeded(self, attempt: "Attempt") -> None:
        """Forget a host's failures, unless it is left alone and this is not the request that tries it."""
        circuit = self._circuits.get(attempt.host)
        if circuit is not None and (not circuit.openings or circuit.trial is attempt):
            self._circuits.drop(attempt.host)
            if circuit.openings:
                self._recovered = True
                self._news.set()

    def abandoned(self, attempt: "Attempt") -> None:
        """Let another request try the host in place of one that was cancelled or withheld."""
        circuit = self._circuits.get(attempt.host)
        if circuit is not None and circuit.trial is attempt:
            circuit.trial = None
            self._news.set()

    def _is_awaited(self, circuit: _Circuit) -> bool:
        lately = self._clock() - circuit.awaited_at < LONGEST_INTEREST
        return circuit.state is State.OPEN and lately


class Attempt:
    """One request to a host; what leaves the context, an answer or an error, says how the host fares."""

    __slots__ = ("_answer", "_begun", "_breaker", "_tell", "host")

    def __init__(self, breaker: Breaker, host: str, tell: Tell) -> None:
        self.host = host
        self._tell = tell
        self._breaker = breaker
        self._begun = False
        self._answer: Answer | None = None

    def begin(self) -> None:
        """Say that the request goes out now; raise EdgeError when the host is to be left alone."""
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
            self._tell(self.host, answer.status)
        elif answer is None and isinstance(error, EdgeError):
            self._tell(self.host, None)
        if isinstance(error, EdgeError) and error.transient:
            refusal = UnreachableError if isinstance(error, UnreachableError) else EdgeError
            self._breaker.failed(self, str(error), 0.0, refusal)
        elif answer is not None and is_passing(answer.status):
            asked = wait_asked_for(answer.headers.get("Retry-After"))
            self._breaker.failed(self, f"it answered {answer.status}", asked or 0.0, EdgeError)
        elif answer is not None or isinstance(error, EdgeError):
            self._breaker.succeeded(self)
        else:
            self._breaker.abandoned(self)


def _left_alone(host: str, circuit: _Circuit, left: float, asked: float) -> EdgeError:
    """Return the refusal, of the kind of the last failure: one without a connection leaves another scheme to try.

    Only what the host itself asked for is a wait to be obeyed: who is told of its recovery may come at once.
    """
    when = "it is being tried now" if circuit.trial is not None else f"it is tried next in {math.ceil(left)} s"
    return circuit.refusal(
        f"{host} is left alone after {circuit.failures} failures in a row: {circuit.cause}; {when}",
        transient=True,
        retry_after=asked if asked > 0 else None,
    )
