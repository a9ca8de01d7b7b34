"""Which Kubernetes API to speak to and with whose credentials; the only file that knows the Kubernetes library."""

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import yaml
import yarl

from chains.errors import EdgeError, InputError
from chains.hosts.proxies import Proxies
from chains.kube.credentials import Credentials, plain_credentials, pod_credentials
from chains.kube.transport import Endpoint, fingerprint, session, tls_context

if TYPE_CHECKING:
    from kubernetes_asyncio.client import Configuration

POD_CREDENTIALS = Path("/var/run/secrets/kubernetes.io/serviceaccount")
# As often as a pod's token is, certificates in files are looked at again.
CERTIFICATE_SECONDS = 60.0
# Requests and watches that are under way in older ones have long ended.
KEPT_SESSIONS = 3
# What the library's loader raises on a file that is not laid out as a kubeconfig, besides its own error.
_MISREADINGS = (ValueError, LookupError, TypeError, AttributeError, AssertionError, RuntimeError)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a process can find around it: its environment and where a pod's credentials are mounted."""

    environ: Mapping[str, str]
    pod_credentials: Path = POD_CREDENTIALS


class Connection:
    """An HTTP session to one API server, and the Authorization header that it wants."""

    def __init__(
        self,
        kubeconfig: str | None,
        around: Surroundings,
        credentials: Credentials,
        clock: Callable[[], float] = time.monotonic,
        permit: Callable[[], None] = lambda: None,
    ) -> None:
        self._permit = permit
        self._kubeconfig = kubeconfig
        self._around = around
        self._credentials = credentials
        self._renewing = asyncio.Lock()
        self._clock = clock
        self._looked_at = clock()
        # Taken before the files are read: one that is replaced in between is noticed at the next look.
        self._fingerprint = fingerprint(self.endpoint)
        self._sessions = [session(tls_context(self.endpoint), permit)]

    @property
    def endpoint(self) -> Endpoint:
        """Where the API server is."""
        return self._credentials.endpoint

    @property
    def session(self) -> aiohttp.ClientSession:
        """The session for new requests."""
        return self._sessions[-1]

    @classmethod
    async def open(
        cls,
        kubeconfig: str | None = None,
        around: Surroundings | None = None,
        clock: Callable[[], float] = time.monotonic,
        permit: Callable[[], None] = lambda: None,
    ) -> "Connection":
        """Find the credentials: the path given, $KUBECONFIG, the pod's service account, ~/.kube/config, in this order.

        Certificates in files are looked at again as `clock` goes, in seconds. `permit` is called right before every
        write goes out, and raises EdgeError to keep it from that. Raises InputError when there are no
        credentials, or when they cannot be used.
        """
        around = around or Surroundings(os.environ)
        source = _source(kubeconfig, around)
        return cls(source, around, await _load(source, around), clock, permit)

    async def authorization(self) -> str:
        """Return the Authorization header of the moment, empty when the credentials are a certificate or none.

        Certificates that were replaced in their files are used from then on.
        """
        if self._clock() - self._looked_at >= CERTIFICATE_SECONDS:
            self._looked_at = self._clock()
            with suppress(InputError):  # A pair that is half replaced; the next look finds both.
                await self._take_up_files()
        try:
            return await self._credentials.authorization()
        except (OSError, ValueError) as error:
            raise EdgeError(f"the pod's service account token cannot be read: {error}", transient=True) from error

    async def renew(self, refused: str, used: aiohttp.ClientSession) -> bool:
        """Read the credentials again after `refused` got 401 in a session; say whether there are others now."""
        async with self._renewing:
            if await self.authorization() != refused or self.session is not used:
                return True
            try:
                fresh = await _load(self._kubeconfig, self._around)
                return await self._adopt(fresh, refused)
            except InputError as error:
                raise EdgeError(f"new credentials cannot be had: {error}", transient=True) from error

    async def _adopt(self, fresh: Credentials, refused: str) -> bool:
        found = fingerprint(fresh.endpoint)
        other = (fresh.endpoint, found) != (self.endpoint, self._fingerprint)
        if other:
            await self._open_session(fresh.endpoint, found)
        self._credentials = fresh
        return other or await self.authorization() != refused

    async def _take_up_files(self) -> None:
        """Make a session with the certificates as their files are now, if they were replaced.

        Raises InputError for files that cannot be used.
        """
        found = fingerprint(self.endpoint)
        if found != self._fingerprint:
            await self._open_session(self.endpoint, found)

    async def _open_session(self, endpoint: Endpoint, found: bytes) -> None:
        # Connections made with the old certificate stay who they were, and requests under way need them.
        self._sessions.append(session(tls_context(endpoint), self._permit))
        self._fingerprint = found
        for spent in self._sessions[:-KEPT_SESSIONS]:
            self._sessions.remove(spent)
            await spent.close()

    async def close(self) -> None:
        """Close every connection."""
        for opened in self._sessions:
            await opened.close()


def _source(kubeconfig: str | None, around: Surroundings) -> str | None:
    """Return the kubeconfig's path or paths, None for the pod's service account."""
    if kubeconfig:
        if not Path(kubeconfig).expanduser().is_file():
            raise InputError(f"the kubeconfig {kubeconfig} does not exist")
        return kubeconfig
    listed = around.environ.get("KUBECONFIG")
    if listed:
        if not any(Path(path).expanduser().is_file() for path in listed.split(os.pathsep) if path):
            raise InputError(f"$KUBECONFIG names {listed}, and there is no such file: name another with --kubeconfig")
        return listed
    token = around.pod_credentials / "token"
    if around.environ.get("KUBERNETES_SERVICE_HOST") and token.is_file():
        return None
    usual = Path(around.environ.get("HOME", "/")) / ".kube" / "config"
    if usual.is_file():
        return str(usual)
    lacking = f"there is no {token}" if around.environ.get("KUBERNETES_SERVICE_HOST") else "this is not a pod"
    raise InputError(
        "there is no Kubernetes API to speak to: --kubeconfig is not given, $KUBECONFIG is not set, "
        f"{lacking}, and {usual} does not exist; name a kubeconfig with --kubeconfig"
    )


async def _load(source: str | None, around: Surroundings) -> Credentials:
    if source is None:
        return pod_credentials(around.pod_credentials, around.environ)
    return plain_credentials(Path(source), around.environ) or await _load_with_library(source, around)


async def _load_with_library(source: str, around: Surroundings) -> Credentials:
    # Importing the library costs a third of a second, which commands that never speak to a cluster should not pay.
    from kubernetes_asyncio.client import Configuration  # noqa: PLC0415
    from kubernetes_asyncio.config import ConfigException, load_kube_config  # noqa: PLC0415

    configuration = Configuration()
    what = f"the kubeconfig {source}"
    try:
        # Tokens that a refresh spends are written back, as kubectl does.
        await load_kube_config(config_file=source, client_configuration=configuration)
    except (ConfigException, OSError, yaml.YAMLError, aiohttp.ClientError) as error:
        raise InputError(f"{what} cannot be used: {error}") from error
    except _MISREADINGS as error:
        raise InputError(f"{what} is not laid out as a kubeconfig: see what kubectl config view makes of it") from error
    header = str(configuration.api_key.get("BearerToken", "")).strip()

    async def authorization() -> str:
        return header

    return Credentials(_endpoint(configuration, around.environ), authorization)


def _endpoint(configuration: "Configuration", environ: Mapping[str, str]) -> Endpoint:
    host = str(configuration.host)
    url = Endpoint(host).url
    proxy = configuration.proxy or Proxies.from_environment(environ).for_url(url)
    if proxy and yarl.URL(proxy).scheme not in ("http", "https"):
        raise InputError(f"the proxy to {host} is neither http nor https, and no other kind is spoken here")
    return Endpoint(
        host=host.rstrip("/"),
        ca_file=configuration.ssl_ca_cert,
        certificate_file=configuration.cert_file,
        key_file=configuration.key_file,
        verify=bool(configuration.verify_ssl),
        server_name=configuration.tls_server_name,
        proxy=str(proxy) if proxy else None,
    )
