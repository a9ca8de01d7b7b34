"""Service accounts whose secrets may not be read: one Warning once that lasts, however many runs it keeps waiting."""

import time
from collections import OrderedDict
from collections.abc import Callable

from chains.errors import EdgeError
from chains.kube.event_lane import EventLane
from chains.kube.events import WARNING, Involved

# An API server that starts refuses everybody until it has read its roles.
LASTING = 10.0
REMEMBERED = 512


class RefusedAccounts:
    """Since when each service account is refused; told on the account itself, in the namespace that can mend it."""

    def __init__(self, events: EventLane | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._events = events
        self._clock = clock
        self._since: OrderedDict[tuple[str, str], float] = OrderedDict()

    def note(self, namespace: str, account: str, refusal: EdgeError) -> None:
        """Say that the API refused the account or one of its secrets."""
        since = self._since.setdefault((namespace, account), self._clock())
        if len(self._since) > REMEMBERED:
            self._since.popitem(last=False)
        if self._events is not None and self._clock() - since >= LASTING:
            involved = Involved("v1", "ServiceAccount", namespace, account, "")
            said = f"what this account builds cannot be signed, as its registry credentials cannot be read: {refusal}"
            self._events.note(involved, WARNING, "PullSecretsRefused", said)

    def clear(self, namespace: str, account: str) -> None:
        """Say that the account and its secrets could be read."""
        self._since.pop((namespace, account), None)
