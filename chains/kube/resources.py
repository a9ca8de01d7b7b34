"""The Kubernetes resources this project touches, and their paths."""

from dataclasses import dataclass
from urllib.parse import quote

from chains.errors import InputError


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of object as the API serves it; `group` is empty for the core group."""

    group: str
    version: str
    plural: str
    kind: str

    def path(self, namespace: str | None = None, name: str | None = None) -> str:
        """Return the path of one object, of a namespace's objects, or (without a namespace) of all of them."""
        segments = ["", "apis", self.group, self.version] if self.group else ["", "api", self.version]
        if namespace is not None:
            segments += ["namespaces", _segment(namespace, "namespace")]
        segments.append(self.plural)
        if name is not None:
            segments.append(_segment(name, self.kind))
        return "/".join(segments)


def _segment(name: str, what: str) -> str:
    if name in ("", ".", ".."):
        raise InputError(f"{name!r} cannot be the name of a {what} in Kubernetes")
    return quote(name, safe="")


TASK_RUNS = Resource("tekton.dev", "v1", "taskruns", "TaskRun")
PIPELINE_RUNS = Resource("tekton.dev", "v1", "pipelineruns", "PipelineRun")
CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")
SECRETS = Resource("", "v1", "secrets", "Secret")
SERVICE_ACCOUNTS = Resource("", "v1", "serviceaccounts", "ServiceAccount")
EVENTS = Resource("", "v1", "events", "Event")
DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment")
LEASES = Resource("coordination.k8s.io", "v1", "leases", "Lease")

RUNS = {resource.kind: resource for resource in (TASK_RUNS, PIPELINE_RUNS)}


@dataclass(frozen=True, slots=True)
class Target:
    """What a path speaks of, for messages: `taskruns.tekton.dev` in a namespace, perhaps one by name."""

    group: str
    plural: str
    namespace: str
    name: str

    @classmethod
    def of(cls, path: str) -> "Target":
        """Read a path back; one outside the resources (such as /version) keeps its text as `plural`."""
        segments = path.strip("/").split("/")
        skipped = {"api": 2, "apis": 3}.get(segments[0], len(segments))
        group = segments[1] if skipped == 3 and len(segments) > 3 else ""
        rest = segments[skipped:]
        namespace = ""
        if rest[:1] == ["namespaces"] and len(rest) > 2:
            namespace, rest = rest[1], rest[2:]
        if not rest:
            return cls("", path, "", "")
        return cls(group, rest[0], namespace, rest[1] if len(rest) > 1 else "")

    def __str__(self) -> str:
        named = f" {self.name!r}" if self.name else ""
        where = f" in namespace {self.namespace!r}" if self.namespace else ""
        return f"{self.plural}.{self.group}{named}{where}" if self.group else f"{self.plural}{named}{where}"
