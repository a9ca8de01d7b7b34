"""What fails on the way to a host is named by each of our clients so that the right remedy is found, and that alone."""

import errno
import socket
import ssl

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from chains.hosts.refusals import unreached
from chains.hosts.transport import System
from chains.kube.transport import cause
from chains.pipeline.causes import first_cause
from chains.pipeline.host_causes import OF_THE_WAY, remedies, way_there
from chains.registry.refusals import REGISTRY
from chains.rekor.refusals import LOG

HOST = "r.example.com"
REQUEST = aiohttp.RequestInfo(
    URL(f"https://{HOST}"), "CONNECT", CIMultiDictProxy(CIMultiDict()), URL(f"https://{HOST}")
)
KEY = ConnectionKey(HOST, 443, True, True, None, None, None)


def connecting(number: int) -> OSError:
    """What asyncio raises: the system's number, and the call that was made."""
    return OSError(number, "Connect call failed ('192.0.2.1', 443)")


def untrusted() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed: unable to get local issuer certificate")
    error.verify_code, error.verify_message = 20, "unable to get local issuer certificate"
    return error


def no_tls(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, f"[SSL: {reason}] {reason.lower().replace('_', ' ')}")
    error.reason = reason
    return error


FAILURES: list[tuple[str, aiohttp.ClientError | OSError]] = [
    ("a host's name is not known", aiohttp.ClientConnectorDNSError(KEY, socket.gaierror(-2, "Name not known"))),
    ("a connection is refused", aiohttp.ClientConnectorError(KEY, connecting(errno.ECONNREFUSED))),
    ("there is no way to a host", aiohttp.ClientConnectorError(KEY, connecting(errno.EHOSTUNREACH))),
    ("there is no way to a host", aiohttp.ClientConnectorError(KEY, connecting(errno.ENETUNREACH))),
    ("a host is silent", aiohttp.ClientConnectorError(KEY, connecting(errno.ETIMEDOUT))),
    ("a host is silent", aiohttp.ConnectionTimeoutError("Connection timeout to host")),
    ("a certificate is not trusted", aiohttp.ClientConnectorCertificateError(KEY, untrusted())),
    (
        "a server speaks no TLS",
        aiohttp.ClientConnectorSSLError(KEY, no_tls("WRONG_VERSION_NUMBER")),
    ),
    (
        "TLS fails",
        aiohttp.ClientConnectorSSLError(KEY, no_tls("TLSV1_ALERT_PROTOCOL_VERSION")),
    ),
    ("a proxy is in the way", aiohttp.ClientProxyConnectionError(KEY, connecting(errno.ECONNREFUSED))),
    ("a connection breaks", aiohttp.ServerDisconnectedError()),
]


def unheard(system: System, error: aiohttp.ClientError | OSError) -> str:
    """Return what a client of that system says of a host that it got no answer from."""
    return str(unreached(system.called + HOST, error, system.trust_helps, system.tls_helps))


def told(error: aiohttp.ClientError | OSError) -> list[str]:
    """Return what the registry's client, the log's and the Kubernetes API's say of a failure."""
    api = f"https://{HOST} did not answer in time" if isinstance(error, TimeoutError) else cause(error)
    return [unheard(REGISTRY, error), unheard(LOG, error), api]


@pytest.mark.parametrize(("name", "error"), FAILURES, ids=lambda each: each if isinstance(each, str) else "")
def test_each_client_says_enough_for_the_right_remedy(name: str, error: aiohttp.ClientError | OSError) -> None:
    for sentence in told(error):
        found = first_cause(sentence, OF_THE_WAY)
        assert found is not None, sentence
        assert found.name == name, sentence
        assert way_there(sentence) == found.helps
        assert "Connect call failed" not in sentence


def test_a_proxy_that_refuses_is_named_by_both_clients_that_speak_to_it() -> None:
    refused = aiohttp.ClientHttpProxyError(REQUEST, (), status=407, message="who are you")
    for sentence in (unheard(REGISTRY, refused), unheard(LOG, refused)):
        assert "the proxy on the way to" in sentence
        assert "NO_PROXY" in way_there(sentence)


def test_every_cause_on_the_way_is_made_to_happen() -> None:
    assert {name for name, _ in FAILURES} == {cause.name for cause in OF_THE_WAY}


def test_a_log_that_cannot_be_reached_comes_with_the_way_there_and_with_doing_without() -> None:
    refused = unheard(LOG, aiohttp.ClientConnectorError(KEY, connecting(errno.ECONNREFUSED)))
    port, without = remedies(refused)
    assert "nothing listens there" in port
    assert "transparency.mode: deferred" in without


def test_what_a_host_answers_has_nothing_to_do_with_the_way() -> None:
    assert way_there("r.example.com answered 403 (DENIED) when asked to push") == ""
