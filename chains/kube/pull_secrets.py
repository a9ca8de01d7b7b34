"""The registry credentials that a run's service account names."""

import time
from collections.abc import AsyncGenerator, Callable, Iterable

import msgspec

from chains.kube.client import KubeClient
from chains.kube.refusals import ForbiddenError
from chains.kube.refused_accounts import RefusedAccounts
from chains.kube.remembered import Remembered
from chains.kube.resources import SERVICE_ACCOUNTS
from chains.kube.secret import Secret, read_secret
from chains.kube.wire import decoded

DOCKER_CONFIG_JSON = "kubernetes.io/dockerconfigjson"
DOCKER_CFG = "kubernetes.io/dockercfg"
_ENTRIES = {DOCKER_CONFIG_JSON: ".dockerconfigjson", DOCKER_CFG: ".dockercfg"}
_GENERIC = "Opaque"
_MADE_FROM_FILE = "config.json"
_REMEMBERED = 512

Document = tuple[str, bytes]


class _Named(msgspec.Struct, frozen=True):
    name: str = ""


class ServiceAccount(msgspec.Struct, frozen=True, rename="camel"):
    """The secrets that a service account names."""

    secrets: list[_Named] | None = None
    image_pull_secrets: list[_Named] | None = None


_accounts = msgspec.json.Decoder(ServiceAccount)


class PullSecrets:
    """Docker configurations of service accounts, remembered for `ttl` seconds, and in a bounded number."""

    def __init__(
        self,
        client: KubeClient,
        ttl: float = 300.0,
        clock: Callable[[], float] = time.monotonic,
        refused: RefusedAccounts | None = None,
    ) -> None:
        self._client = client
        self._refused = refused or RefusedAccounts(None)
        self._accounts: Remembered[tuple[str, str], ServiceAccount] = Remembered(ttl, _REMEMBERED, clock)
        self._documents: Remembered[tuple[str, str], Document | None] = Remembered(ttl, _REMEMBERED, clock)

    async def documents(self, namespace: str, service_account: str) -> AsyncGenerator[Document, None]:
        """Yield (secret type, document) of each secret under `secrets`, then of those under `imagePullSecrets`.

        Nothing is read before it is asked for. The type is `DOCKER_CONFIG_JSON` or `DOCKER_CFG`; a generic secret with
        an entry `config.json`, under `secrets` only, counts as the former. Secrets that are missing or of other types
        are passed over, and so is a missing service account; one that may not be read raises EdgeError.
        """
        try:
            async for document in self._readable(namespace, service_account):
                yield document
        except ForbiddenError as error:
            self._refused.note(namespace, service_account or "default", error)
            raise
        self._refused.clear(namespace, service_account or "default")

    async def _readable(self, namespace: str, service_account: str) -> AsyncGenerator[Document, None]:
        account = await self._account(namespace, service_account)
        pushing = _names(account.secrets)
        for name in dict.fromkeys((*pushing, *_names(account.image_pull_secrets))):
            document = await self._document(namespace, name)
            if document is None:
                continue
            if document[0] in _ENTRIES:
                yield document
            elif name in pushing:
                yield DOCKER_CONFIG_JSON, document[1]

    def forget(self, namespace: str, service_account: str) -> None:
        """Read the service account and its secrets afresh the next time: the registry refused what they hold."""
        key = (namespace, service_account or "default")
        account = self._accounts.remembered(key)
        self._accounts.forget(key)
        if account is not None:
            for name in (*_names(account.secrets), *_names(account.image_pull_secrets)):
                self._documents.forget((namespace, name))

    async def _account(self, namespace: str, name: str) -> ServiceAccount:
        named = name or "default"

        async def ask() -> ServiceAccount:
            body = await self._client.get(SERVICE_ACCOUNTS.path(namespace, named))
            return ServiceAccount() if body is None else decoded(_accounts, body, "a ServiceAccount")

        return await self._accounts.get((namespace, named), ask)

    async def _document(self, namespace: str, name: str) -> Document | None:
        async def ask() -> Document | None:
            secret = await read_secret(self._client, namespace, name)
            return None if secret is None else _document(secret, f"the Secret {namespace}/{name}")

        return await self._documents.get((namespace, name), ask)


def _document(secret: Secret, what: str) -> Document | None:
    entry = _ENTRIES.get(secret.type) or (_MADE_FROM_FILE if secret.type == _GENERIC else "")
    if not entry or entry not in (secret.data or {}):
        return None
    return secret.type, secret.files(what)[entry]


def _names(named: Iterable[_Named] | None) -> list[str]:
    return [secret.name for secret in named or () if secret.name]
