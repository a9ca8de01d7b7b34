"""Where a registry may send us: redirects, upload locations and token realms are hostile until checked."""

import re

from yarl import URL

from chains.artifacts.reference import shown
from chains.errors import EdgeError
from chains.hosts.addresses import authority, is_loopback

_NEXT = re.compile(r"""<([^<>]*)>\s*;[^<]*\brel="?next\b""")
REDIRECTS = frozenset({301, 302, 303, 307, 308})


def same_origin(one: URL, other: URL) -> bool:
    """Whether both go to the same server, so that what one may know the other may."""
    return one.origin() == other.origin()


def location(text: str, named_by: URL, *, insecure: bool) -> URL:
    """Return the URL that the server at `named_by` named, relative or absolute; raise EdgeError for one not to be used.

    Plain HTTP and loopback hosts are for those who are there themselves; on the same server it is TLS again.
    """
    url, host, usable = named_by, "", False
    try:
        url = named_by.join(URL(text, encoded=True))
        host = url.host or ""
        usable = url.scheme in ("http", "https") and bool(text and host and url.port) and url.user is None
    except ValueError:
        pass
    if not usable:
        raise _refused(named_by, text, "is no usable http or https URL")
    if url.scheme == "http" and named_by.scheme == "https" and authority(url) == authority(named_by):
        return url.with_scheme("https")
    if insecure or (is_loopback(host) and is_loopback(named_by.host or "")):
        return url
    if url.scheme == "http":
        raise _refused(named_by, text, "is not TLS")
    if is_loopback(host):
        raise _refused(named_by, text, "is this machine")
    return url


def _refused(named_by: URL, text: str, why: str) -> EdgeError:
    return EdgeError(f"{authority(named_by)} sends us to {shown(text)}, which {why}; it is refused", transient=False)
