"""From a request's path to what it addresses."""

from collections.abc import Mapping
from dataclasses import dataclass

from chains.demo.kubernetes.resources import Catalogue, Resource

_COLLECTION_VERBS = {"POST": "create", "DELETE": "deletecollection"}
_OBJECT_VERBS = {"GET": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_SUBRESOURCE_VERBS = {"GET": "get", "PUT": "update", "PATCH": "patch"}


@dataclass(frozen=True, slots=True)
class Target:
    """A collection, or with a name one object, in the version that it is asked for."""

    resource: Resource
    version: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    @property
    def key(self) -> str:
        return self.resource.key(self.namespace, self.name)

    @property
    def api_version(self) -> str:
        return self.resource.in_version(self.version)

    def verb(self, method: str, query: Mapping[str, str]) -> str | None:
        """Return the API verb of a method here, None where the method has none."""
        if self.subresource:
            return _SUBRESOURCE_VERBS.get(method)
        if self.name:
            return _OBJECT_VERBS.get(method)
        if method == "GET":
            return "watch" if query.get("watch") in ("true", "1") else "list"
        if self.resource.namespaced and not self.namespace:
            return None
        return _COLLECTION_VERBS.get(method)


def find_target(catalogue: Catalogue, path: str) -> Target | None:
    """Read a decoded path; None when it addresses no resource that is served."""
    steps = path.strip("/").split("/")
    if steps[0] == "api":
        group, rest = "", steps[1:]
    elif steps[0] == "apis" and len(steps) > 1:
        group, rest = steps[1], steps[2:]
    else:
        return None
    if len(rest) < 2 or "" in rest:
        return None
    version, rest = rest[0], rest[1:]
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2 and not (len(rest) == 3 and rest[2] == "status"):
        namespace, rest = rest[1], rest[2:]
    resource = catalogue.find(group, version, rest[0])
    return None if resource is None else _target(resource, version, namespace, rest[1:])


def _target(resource: Resource, version: str, namespace: str, rest: list[str]) -> Target | None:
    if resource.namespaced != bool(namespace) and (namespace or rest):
        return None
    if len(rest) > 2 or (len(rest) == 2 and (rest[1] != "status" or resource.status == "none")):
        return None
    return Target(resource, version, namespace, *rest)
