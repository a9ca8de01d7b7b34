"""From the environment to a leadership: its settings followed, its Leases found, its identity made up."""

import asyncio
import os
import socket
import uuid
from collections.abc import Mapping
from contextlib import aclosing

import structlog

from chains.config.leader_election import LeaderElection, read_leader_election
from chains.controller.shares import Shares
from chains.errors import InputError
from chains.kube.client import KubeClient
from chains.kube.config_map import ConfigMapVersion, follow_config_map
from chains.kube.elector import Elector
from chains.kube.lease import LEASE_PREFIX, LeaseClient, lease_names
from chains.kube.seat import Term
from chains.kube.watch import Disconnected

VARIABLE = "CONFIG_LEADERELECTION_NAME"

log = structlog.get_logger()


class ElectedLeadership:
    """An election as a ConfigMap wants it; its times apply at once when they change, the buckets at the next start."""

    def __init__(self, client: KubeClient, namespace: str, config_map: str, identity: str) -> None:
        """`client` is for the election alone: nothing else may delay a renewal."""
        self.settled = asyncio.Event()
        self._client = client
        self._namespace = namespace
        self._config_map = config_map
        self._identity = identity
        self._settings = LeaderElection()
        self._trouble = f"the ConfigMap {config_map} has not been read yet"
        self._read = asyncio.Event()
        self._elector: Elector | None = None

    @property
    def buckets(self) -> int:
        """How many buckets there are; one before the settings have been read."""
        return self._elector.buckets if self._elector else 1

    @property
    def trouble(self) -> str:
        """Why nothing can be won, empty when it can."""
        return self._elector.trouble if self._elector else self._trouble

    def leads(self, bucket: int) -> bool:
        """Say whether what belongs to a bucket may be written at this moment."""
        return self._elector is not None and self._elector.leads(bucket)

    async def run(self, shares: Shares) -> None:
        """Stand for every bucket, as soon as it is known how many there are."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow())
            group.create_task(self._stand(shares))

    def withdraw(self) -> None:
        """Keep what is held, and win nothing more."""
        if self._elector is not None:
            self._elector.withdraw()

    async def resign(self, shares: Shares) -> None:
        """Give up what is held, so that others need not wait."""
        if self._elector is not None:
            await self._elector.resign(shares)

    async def _stand(self, shares: Shares) -> None:
        await self._read.wait()
        names = lease_names(LEASE_PREFIX, self._settings.buckets)
        leases = LeaseClient(self._client, self._namespace)
        self._elector = Elector(leases, names, self._identity, self._term, self.settled)
        log.info("standing for election", identity=self._identity, leases=names)
        await self._elector.run(shares)

    def _term(self) -> Term:
        settings = self._settings
        return Term(settings.lease_duration, settings.renew_deadline, settings.retry_period)

    async def _follow(self) -> None:
        async with aclosing(follow_config_map(self._client, self._namespace, self._config_map)) as followed:
            async for seen in followed:
                if isinstance(seen, Disconnected):
                    self._refuse(seen.reason)
                else:
                    self._accept(seen)

    def _accept(self, seen: ConfigMapVersion) -> None:
        """Take new settings; the last good ones stay in force when these cannot be used."""
        try:
            settings = read_leader_election(seen.data or {})
        except InputError as error:
            self._refuse(f"the ConfigMap {self._config_map} cannot be used: {error}")
            return
        if self._elector is not None and settings.buckets != self._elector.buckets:
            log.warning(
                "leader election", notice=f"buckets: {settings.buckets} is in force once every replica starts anew"
            )
        self._settings = settings
        self._read.set()

    def _refuse(self, why: str) -> None:
        self._trouble = why
        then = "nothing is signed until it can" if self._elector is None else "the last good settings stay in force"
        log.warning("leader election", why=why, then=then)


def identity_in(environment: Mapping[str, str]) -> str:
    """Return a name that no other process ever has, and that tells the pod."""
    return f"{environment.get('POD_NAME') or socket.gethostname()}_{uuid.uuid4()}"


def election_config_map() -> str:
    """Return the ConfigMap that the environment names, empty where there is to be no election."""
    return os.environ.get(VARIABLE, "")
