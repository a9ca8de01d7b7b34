"""From config to live parts: the tables of signers and stores; the one place edges are chosen."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from functools import lru_cache
from pathlib import Path
from typing import Self

from chains.artifacts.reference import Repository
from chains.config.config import Config, ConfigReading, TransparencySettings, read_config
from chains.errors import InputError
from chains.hosts.reach import Reach
from chains.keys.folder import FolderSource
from chains.keys.keyring import Keyring, SecretSource
from chains.keys.signer import KeySigner
from chains.kube.annotation_store import AnnotationStore
from chains.kube.client import KubeClient
from chains.kube.event_lane import EventLane
from chains.kube.pull_secrets import DOCKER_CFG, PullSecrets
from chains.kube.reference import SCHEME, secret_name
from chains.kube.refused_accounts import RefusedAccounts
from chains.kube.secret import SecretSource as KubeSecretSource
from chains.payloads.payload import Origin
from chains.pipeline.parts import Parts, Transparency
from chains.registry.client import RegistryClient
from chains.registry.credential import Keychain
from chains.registry.credentials import ChainedKeychain, DocumentsKeychain, config_file_keychain
from chains.registry.docker_config import DockerConfig
from chains.registry.indexes import IndexReader
from chains.registry.oci_store import OciStore
from chains.rekor.checkpoint import Checkpoint
from chains.rekor.key_source import LOG_KEY_VARIABLE, key_text
from chains.rekor.log_key import LogKey, read_log_keys
from chains.rekor.log_v1 import LogV1
from chains.rekor.log_v2 import LogV2
from chains.rekor.trial import try_log

MOUNTED_SECRET = Path("/etc/signing-secrets")
REMEMBERED_KEYCHAINS = 1024


class Registries:
    """The registry clients of one process, secure and insecure, each opened when it is first asked for."""

    def __init__(self, reach: Reach, ca_files: Mapping[str, Path]) -> None:
        self._reach = reach
        self._ca_files = ca_files
        self._clients: dict[bool, RegistryClient] = {}

    def client(self, config: Config) -> RegistryClient:
        """Return the client that a configuration calls for."""
        insecure = config.oci_insecure
        if insecure not in self._clients:
            self._clients[insecure] = RegistryClient(self._reach, insecure=insecure, ca_files=self._ca_files)
        return self._clients[insecure]

    async def close(self) -> None:
        """Close every connection."""
        for client in self._clients.values():
            await client.close()


class Logs:
    """The transparency logs' clients of one process, each made when it is first asked for."""

    def __init__(self, reach: Reach, env: Mapping[str, str]) -> None:
        """`env` may name the file of the log's key."""
        self._reach = reach
        self._env = env
        self._clients: dict[TransparencySettings, LogV1 | LogV2] = {}

    def transparency(self, config: Config) -> Transparency | None:
        """Return the log that a configuration calls for; raise InputError when its key is not to be had."""
        settings = config.transparency
        if not settings.possible:
            return None
        if settings not in self._clients:
            client = LogV1 if settings.version == 1 else LogV2
            self._clients[settings] = client(settings.url, self._keys(settings), reach=self._reach)
        return Transparency(self._clients[settings], settings.deferred)

    async def close(self) -> None:
        """Close every connection."""
        for client in self._clients.values():
            await client.close()

    async def try_log(self, settings: TransparencySettings) -> Checkpoint:
        """Return what the log says of itself, verified by the key that is known; raise ChainsError."""
        return await try_log(settings.url, settings.version, self._keys(settings), self._reach)

    def _keys(self, settings: TransparencySettings) -> tuple[LogKey, ...]:
        text = key_text(settings.public_key, settings.url, self._env)
        if not text:
            raise InputError(
                "transparency.enabled needs the log's public key, so that its answers can be verified: set "
                f"transparency.public-key to it or to its file, or {LOG_KEY_VARIABLE} to its file"
            )
        return read_log_keys(text)


class ClusterWiring:
    """What the controller signs and stores with: the cluster's signing secret, and its runs' registry credentials."""

    def __init__(
        self,
        client: KubeClient,
        secret: SecretSource,
        reach: Reach,
        env: Mapping[str, str],
        ca_files: Mapping[str, Path],
        *,
        events: EventLane | None = None,
    ) -> None:
        """Set it up; registries and the log are reached in one way."""
        self.keyring = Keyring(secret)
        self._events = events
        self._breaker = reach.breaker
        self._registries = Registries(reach, ca_files)
        self._logs = Logs(reach, env)
        self._pull_secrets = PullSecrets(client, refused=RefusedAccounts(events))
        self._own_credentials = config_file_keychain(env)
        self._keychains = lru_cache(REMEMBERED_KEYCHAINS)(self._make_keychain)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._logs.close()
        await self._registries.close()

    def choose(self, entries: Mapping[str, str]) -> Parts:
        """Return the parts that `chains-config` calls for; raise InputError when it must not be used."""
        reading = read_config(entries)
        refused = (*reading.problems, *reading.impossible)
        if refused:
            raise InputError("; ".join(refused))
        return self._parts(reading)

    async def refresh_keys(self) -> str:
        """Look at the signing secret; return what changed, if anything."""
        state = await self.keyring.refresh()
        if state is None:
            return ""
        return f"{state.key_id} is in force" if state.ready else f"there is none: {state.problem}"

    async def try_push(self, config: Config, origin: Origin, image: Repository) -> None:
        """Open and cancel an upload where this run's signatures of the image would go; raise ChainsError."""
        client = self._registries.client(config)
        await client.try_upload(config.oci_repository or image, self._keychain(origin))

    async def try_log(self, config: Config) -> Checkpoint:
        """Return what the configured log says of itself, verified; raise ChainsError."""
        return await self._logs.try_log(config.transparency)

    async def chance(self) -> bool:
        """Wait until a host that was left alone works again (True) or may be tried (False)."""
        return await self._breaker.chance()

    def troubled(self) -> frozenset[str]:
        """Return the hosts, and the repositories there, that are left alone now."""
        return self._breaker.left_alone()

    def circuits(self) -> Mapping[str, str]:
        """Return the state of each host, a registry's or the log's, whose last request failed."""
        return {host: state.value for host, state in self._breaker.states().items()}

    def key_id(self) -> str:
        """Return the id of the key in force, empty when there is none."""
        return self.keyring.state.key_id

    def _parts(self, reading: ConfigReading) -> Parts:
        config = reading.config
        if self._events is not None:
            self._events.wanted = config.events
        client = self._registries.client(config)
        kept = config.encoding
        registry = OciStore(
            client,
            self._keychain,
            config.oci_repository,
            self._forget_credentials,
            tags=kept.tags,
            bundles=kept.bundles,
        )
        return Parts(
            config=config,
            signers={"x509": self.keyring.current},
            stores={"oci": registry, "tekton": AnnotationStore()},
            notices=(*reading.unknown, *reading.unbuilt),
            transparency=self._logs.transparency(config),
            indexes=self._indexes(client) if config.sign_children else None,
        )

    def _indexes(self, client: RegistryClient) -> IndexReader:
        return IndexReader(client, self._keychain, self._forget_credentials)

    def _forget_credentials(self, origin: Origin) -> None:
        self._pull_secrets.forget(origin.namespace, origin.service_account)

    def _keychain(self, origin: Origin) -> Keychain:
        return self._keychains(origin.namespace, origin.service_account)

    def _make_keychain(self, namespace: str, service_account: str) -> Keychain:
        async def documents() -> AsyncGenerator[DockerConfig, None]:
            async with aclosing(self._pull_secrets.documents(namespace, service_account)) as found:
                async for kind, text in found:
                    yield DockerConfig.parse_legacy(text) if kind == DOCKER_CFG else DockerConfig.parse(text)

        return ChainedKeychain(DocumentsKeychain(documents), self._own_credentials)


def local_parts(config: Config, signer: KeySigner, registries: Registries, logs: Logs, env: Mapping[str, str]) -> Parts:
    """Return the parts for signing without a cluster: one key, this machine's registry credentials, no annotations."""
    keychain = config_file_keychain(env)
    client, kept = registries.client(config), config.encoding
    store = OciStore(client, lambda _: keychain, config.oci_repository, tags=kept.tags, bundles=kept.bundles)
    indexes = IndexReader(client, lambda _: keychain) if config.sign_children else None
    return Parts(config, {"x509": lambda: signer}, {"oci": store}, (), logs.transparency(config), indexes)


def secret_source(reference: str, client: KubeClient, system_namespace: str) -> SecretSource:
    """Return where the signing secret is: `k8s://NAMESPACE/NAME`, a folder, or (empty) one of the usual places."""
    if reference.startswith(SCHEME):
        return KubeSecretSource(client, *secret_name(reference))
    if reference:
        return FolderSource(Path(reference))
    if MOUNTED_SECRET.is_dir():
        return FolderSource(MOUNTED_SECRET)
    return KubeSecretSource(client, system_namespace, "signing-secrets")
