"""References to Secrets, as cosign writes them, and to ConfigMaps."""

from chains.errors import InputError

SCHEME = "k8s://"
CONFIG_MAP_SCHEME = "k8s-cm://"


def secret_name(reference: str) -> tuple[str, str]:
    """Return the namespace and name of `k8s://NAMESPACE/SECRET`; raise InputError for anything else."""
    return _name(reference, SCHEME, "k8s://NAMESPACE/SECRET, as in k8s://tekton-chains/signing-secrets")


def config_map_name(reference: str) -> tuple[str, str]:
    """Return the namespace and name of `k8s-cm://NAMESPACE/CONFIGMAP`; raise InputError for anything else."""
    return _name(reference, CONFIG_MAP_SCHEME, "k8s-cm://NAMESPACE/CONFIGMAP")


def _name(reference: str, scheme: str, form: str) -> tuple[str, str]:
    namespace, slash, name = reference.removeprefix(scheme).partition("/")
    if not reference.startswith(scheme) or not slash or not namespace or not name or "/" in name:
        raise InputError(f"{reference}: write {form}")
    return namespace, name
