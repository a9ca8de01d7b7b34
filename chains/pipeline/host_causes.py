"""The causes that show in what registries, the log and the Kubernetes API say, or fail to say."""

from collections.abc import Iterator

from chains.pipeline.causes import Cause, first_cause

OF_THE_WAY = (
    Cause(
        "a proxy is in the way",
        r"\bthe proxy\b|page of HTML",
        "mend HTTPS_PROXY of whoever asks, or put the host into its NO_PROXY",
    ),
    Cause(
        "a host's name is not known",
        r"no address is known for its name|name or service not known|name resolution",
        "look for a slip in the host's name; else the DNS that the service asks does not know it",
    ),
    Cause(
        "a certificate is not trusted",
        r"certificate (of \S+ )?is not|certificate verify",
        "trust its authority: --registry-ca HOST=FILE for a registry, SSL_CERT_FILE for the log, "
        "certificate-authority in the kubeconfig for the API",
    ),
    Cause(
        "a server speaks no TLS",
        r"does not speak TLS|wrong.version.number|record.layer.failure|packet.length.too.long",
        "name its TLS port; for a server that has none, http:// in its URL, or storage.oci.repository.insecure",
    ),
    Cause(
        "TLS fails",
        r"no TLS came about|\[SSL|ssl.*alert",
        "look at which versions of TLS the server offers, and at what stands between",
    ),
    Cause(
        "a connection is refused",
        r"connection refused|connect call failed",
        "look at the port, and whether the server is up: the machine answers, and nothing listens there",
    ),
    Cause(
        "there is no way to a host",
        r"no route to host|network is unreachable",
        "look at routes and firewalls, and at the egress of the NetworkPolicy",
    ),
    Cause(
        "a host is silent",
        r"did not answer in time|timed? ?out",
        "let the port through firewalls and the NetworkPolicy; else the server is overloaded, and is asked again",
    ),
    Cause(
        "a connection breaks",
        r"broke off|closed the connection|disconnected|reset by peer",
        "the server, or something between, ends connections: look at its log; it is asked again",
    ),
)

# What hosts answer, and what keeps the service from asking.
OF_THE_ANSWER = (
    Cause(
        "the log takes no entry that large (413)",
        r"the transparency log \S+ answered 413\b",
        "have the run make less, or name a log that takes more",
    ),
    Cause(
        "the log knows nobody who asks so (401, 403)",
        r"the transparency log \S+ answered (401|403)\b",
        "look at transparency.url, and at what stands before that log: entries are sent without credentials",
    ),
    Cause(
        "the log is down, or refuses",
        r"the transparency log ",
        "transparency.mode: deferred stores at once and logs later; chains doctor tries the log",
    ),
    Cause(
        "the service may not read pull secrets",
        r"kubernetes api refused .*(secrets|serviceaccounts)",
        "grant the service the rule that the message names",
    ),
    Cause(
        "the Kubernetes API does not know who asks",
        r"kubernetes api refused .*HTTP 401",
        "renew the token or certificate of the kubeconfig's user",
    ),
    Cause("the Kubernetes API refuses", r"kubernetes api refused .*HTTP 403", "grant the right that the message names"),
    Cause(
        "registry credentials are malformed",
        r"auth of the entry|docker config",
        "mend the registry credentials in the Secret that the message names",
    ),
    Cause(
        "a registry refuses the push (401, 403)",
        r"answered (401|403)\b|lets us not",
        "put a Secret with push rights under `secrets` of the service account that the run uses; "
        "chains doctor tries the push",
    ),
    Cause("a registry asks for less (429)", r"answered 429\b", "wait: the run is tried again, at its own pace"),
    Cause(
        "an address that is never spoken to",
        r"link-local|address .* refused",
        "the run names an address that is never spoken to: name a registry",
    ),
    Cause(
        "the key's password is wrong",
        r"does not open the key|cosign\.password is missing",
        "put the key's own password into cosign.password of the Secret, or make a new pair",
    ),
    Cause(
        "there is no key",
        r"no key to sign with|there is no key|signing key|signing-secrets.*does not exist",
        "make one: chains generate-key-pair k8s://tekton-chains/signing-secrets",
    ),
    Cause(
        "a repository is not there (404, 405)",
        r"answered (404|405)\b",
        "make the repository in the registry, or allow pushes to it",
    ),
    Cause(
        "tags may not change",
        r"answered \d+ \(.*immutable",
        "let the registry change tags that begin with sha256-, or use storage.oci.encoding-format: sigstore-bundle",
    ),
    Cause(
        "it is too large (413)",
        r"(answered|HTTP) 413\b|answered \d+ \(.*quota|HTTP 422 \(.*too long",
        "what is stored is too large for that place: raise its limit, or store it in oci rather than tekton",
    ),
    Cause(
        "a server is out of order (5xx)",
        r"(answered|HTTP) 5\d\d",
        "the other side is out of order: look at its log; the run is tried again",
    ),
    Cause(
        "the run says what cannot be read",
        r"cannot be read|is no digest|is no image",
        "the run itself says something that cannot be read: mend its results",
    ),
)


def way_there(sentence: str) -> str:
    """Return what helps against a host that was not reached, empty for any other sentence."""
    cause = first_cause(sentence, OF_THE_WAY)
    return "" if cause is None else cause.helps


def remedies(sentence: str) -> Iterator[str]:
    """Yield what helps against what a host said or did: on the way to it, then of its answer."""
    for causes in (OF_THE_WAY, OF_THE_ANSWER):
        cause = first_cause(sentence, causes)
        if cause is not None:
            yield cause.helps
