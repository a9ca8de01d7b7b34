"""References to Secrets, as cosign writes them."""

from chains.errors import InputError

SCHEME = "k8s://"


def secret_name(reference: str) -> tuple[str, str]:
    """Return the namespace and name of `k8s://NAMESPACE/SECRET`; raise InputError for anything else."""
    namespace, slash, name = reference.removeprefix(SCHEME).partition("/")
    if not reference.startswith(SCHEME) or not slash or not namespace or not name or "/" in name:
        raise InputError(f"{reference}: write k8s://NAMESPACE/SECRET, as in k8s://tekton-chains/signing-secrets")
    return namespace, name
