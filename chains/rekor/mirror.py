"""Sigstore's trusted root from a TUF mirror, followed from a root that is trusted already."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from tuf.api.exceptions import DownloadError, DownloadHTTPError, RepositoryError
from tuf.ngclient.fetcher import FetcherInterface
from tuf.ngclient.updater import Updater
from yarl import URL

from chains.artifacts.reference import shown
from chains.errors import EdgeError, InputError, VerificationError
from chains.hosts.addresses import authority
from chains.hosts.reach import Reach
from chains.hosts.transport import Bounds, System, Transport
from chains.rekor.key_source import TRUSTED_ROOT
from chains.rekor.log_key import read_log_keys

LARGEST = 8 << 20
_MIRROR = System(
    name="mirror",
    called="the mirror ",
    # There is no newer root than the last.
    expected=frozenset({403, 404}),
    complaint=lambda body: "",
    trust_helps="add its authority to the system's (SSL_CERT_FILE)",
    tls_helps="a mirror is asked over https",
)


class _Fetcher(FetcherInterface):
    """Sends what TUF asks for, in its thread, over a transport of the loop's."""

    def __init__(self, transport: Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop

    def _fetch(self, url: str) -> Iterator[bytes]:
        sending = self._transport.send("GET", URL(url, encoded=True), headers={}, most=LARGEST)
        answer = asyncio.run_coroutine_threadsafe(sending, self._loop).result()
        if answer.status != 200:
            raise DownloadHTTPError(f"it answered {answer.status} when asked for {answer.url.path}", answer.status)
        return iter((answer.body,))


async def fetch_trusted_root(mirror: str, folder: Path, root: bytes, reach: Reach) -> Path:
    """Bring the folder up to the mirror's state and return the path of the trusted root in it.

    `root` is TUF's root metadata that is trusted to begin with. Raise EdgeError when the mirror does not answer, and
    VerificationError for what it has no right to say; the trusted root in the folder is then as it was.
    """
    host, transport = authority(URL(mirror)), Transport(_MIRROR, reach, Bounds())
    fetcher = _Fetcher(transport, asyncio.get_running_loop())
    try:
        return await asyncio.to_thread(_follow, mirror, folder, root, fetcher)
    except DownloadError as error:
        raise EdgeError(f"the mirror {host} is of no use: {error.__cause__ or error}", transient=True) from error
    except RepositoryError as error:
        raise VerificationError(
            f"the mirror {host} serves what does not hold: {shown(str(error), 200)}; nothing of it is used"
        ) from error
    except OSError as error:
        raise InputError(f"the trusted root cannot be kept: {error}; $TUF_ROOT names another folder") from error
    finally:
        await transport.close()


def _follow(mirror: str, folder: Path, root: bytes, fetcher: _Fetcher) -> Path:
    targets = folder / "targets"
    targets.mkdir(parents=True, exist_ok=True)
    base = mirror.rstrip("/")
    updater = Updater(str(folder), f"{base}/", str(targets), f"{base}/targets/", fetcher, bootstrap=root)
    updater.refresh()
    found = updater.get_targetinfo(TRUSTED_ROOT)
    if found is None:
        raise RepositoryError(f"there is no {TRUSTED_ROOT} among its targets")
    kept, staged = targets / TRUSTED_ROOT, targets / f".{TRUSTED_ROOT}.new"
    if updater.find_cached_target(found, str(kept)) is None:
        try:
            updater.download_target(found, str(staged))
            read_log_keys(staged.read_bytes())
            staged.replace(kept)
        except InputError as error:
            raise RepositoryError(str(error)) from error
        finally:
            staged.unlink(missing_ok=True)
    return kept
