"""Credentials that need no library: a pod's service account, and a kubeconfig that holds a token or names files."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from chains.errors import InputError
from chains.hosts.proxies import Proxies
from chains.kube.transport import Endpoint

TOKEN_SECONDS = 60.0
_CLUSTER = frozenset({"server", "certificate-authority", "insecure-skip-tls-verify", "tls-server-name"})
_USER = frozenset({"token", "client-certificate", "client-key"})


@dataclass(frozen=True, slots=True)
class Credentials:
    """Where an API server is, and the Authorization header of the moment: empty for a certificate or nobody.

    `authorization` raises OSError or ValueError when its source cannot be read any more.
    """

    endpoint: Endpoint
    authorization: Callable[[], Awaitable[str]]


def pod_credentials(folder: Path, environ: Mapping[str, str]) -> Credentials:
    """Return a pod's own; its token is read again each minute, since the kubelet replaces it within the hour."""
    what = "the pod's service account cannot be used"
    host, port = environ.get("KUBERNETES_SERVICE_HOST", ""), environ.get("KUBERNETES_SERVICE_PORT", "")
    if not port:
        raise InputError(f"{what}: $KUBERNETES_SERVICE_PORT is not set")
    authority = folder / "ca.crt"
    if not authority.is_file() or not authority.stat().st_size:
        raise InputError(f"{what}: its authority's certification file {authority} is missing or empty")
    try:
        token = _PodToken(folder / "token")
    except (OSError, ValueError) as error:
        raise InputError(f"{what}: {error}") from error
    url = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    return Credentials(_proxied(Endpoint(url, ca_file=str(authority)), environ), token.authorization)


def plain_credentials(path: Path, environ: Mapping[str, str]) -> Credentials | None:
    """Return what a kubeconfig holds when its current user has a token, or certificates in files, and nothing else.

    None when there is more to it, or when it is not laid out as a kubeconfig: the library reads it then, or refuses it.
    Most are read here, and the library costs 36 MiB and half a second.
    """
    try:
        cluster, user = _current(path)
    except (OSError, ValueError, LookupError, TypeError, yaml.YAMLError):
        return None
    if not cluster.keys() <= _CLUSTER or not user.keys() <= _USER:
        return None
    if not isinstance(cluster.get("insecure-skip-tls-verify", False), bool):
        raise InputError(
            f"insecure-skip-tls-verify in the kubeconfig {path} is neither true nor false: take the quotes off"
        )
    if not all(isinstance(value, str) and value for value in (cluster.get("server"), *user.values())):
        return None
    endpoint = Endpoint(
        str(cluster["server"]).rstrip("/"),
        ca_file=_beside(path, cluster.get("certificate-authority")),
        certificate_file=_beside(path, user.get("client-certificate")),
        key_file=_beside(path, user.get("client-key")),
        verify=not cluster.get("insecure-skip-tls-verify"),
        server_name=_text(cluster.get("tls-server-name")),
    )
    header = f"Bearer {user['token']}" if "token" in user else ""

    async def authorization() -> str:
        return header

    return Credentials(_proxied(endpoint, environ), authorization)


def _current(path: Path) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return the cluster and the user of the current context."""
    with path.expanduser().open("rb") as file:
        content = yaml.load(file, yaml.CSafeLoader)
    context = _named(content, "context", content["current-context"])
    return _named(content, "cluster", context["cluster"]), _named(content, "user", context["user"])


def _named(content: Mapping[str, Any], kind: str, name: object) -> dict[str, Any]:
    """Return the one entry of this name; raise ValueError when there are more or none."""
    (entry,) = (entry for entry in content[f"{kind}s"] if entry["name"] == name)
    return dict(entry[kind])


def _proxied(endpoint: Endpoint, environ: Mapping[str, str]) -> Endpoint:
    proxy = Proxies.from_environment(environ).for_url(endpoint.url)
    return replace(endpoint, proxy=str(proxy) if proxy else None)


def _beside(path: Path, value: object) -> str | None:
    """Return a file that a kubeconfig names; relative paths start where the kubeconfig is."""
    name = _text(value)
    return name and str(path.expanduser().absolute().parent / name)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


class _PodToken:
    """A token in a file that is replaced from time to time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read()

    async def authorization(self) -> str:
        if time.monotonic() - self._since >= TOKEN_SECONDS:
            self._read()
        return self._header

    def _read(self) -> None:
        token = self._path.read_text(encoding="ascii").strip()
        if not token:
            raise ValueError(f"its token {self._path} is empty")
        self._header, self._since = f"Bearer {token}", time.monotonic()
