"""The kinds of objects a cluster knows, and where their paths lead."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

Names = Literal["subdomain", "label", "service", "path"]
StatusWrites = Literal["none", "open", "separate"]


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of object; objects are stored in the first of `versions` and served in all of them.

    `names` is the rule that names follow. `status` says whether there is a subresource of that name ("none": no), and
    whether writes past it may set the status too ("open") or leave it alone ("separate").
    `custom` kinds behave as custom resources do: no strategic merge patch, no PUT without a resourceVersion.
    """

    group: str
    versions: tuple[str, ...]
    kind: str
    plural: str
    namespaced: bool = True
    singular: str = ""
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    status: StatusWrites = "none"
    custom: bool = True
    generation: bool = True
    names: Names = "subdomain"
    unconditional_update: bool = False
    create_on_update: bool = False

    @property
    def id(self) -> tuple[str, str]:
        return self.group, self.plural

    @property
    def qualified(self) -> str:
        """The name in messages: `taskruns.tekton.dev`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def api_version(self) -> str:
        """The apiVersion that objects are stored with."""
        return self.in_version(self.versions[0])

    @property
    def list_kind(self) -> str:
        return f"{self.kind}List"

    def in_version(self, version: str) -> str:
        return f"{self.group}/{version}" if self.group else version

    def key(self, namespace: str, name: str) -> str:
        """The key of an object in storage; keys of one namespace lie together."""
        return f"{namespace}/{name}" if self.namespaced else name


_built_in = partial(Resource, custom=False, generation=False, unconditional_update=True)
_counted = partial(_built_in, generation=True)
_role = partial(_built_in, "rbac.authorization.k8s.io", ("v1",), names="path", create_on_update=True)
_V1 = ("v1",)
_policy = partial(_counted, "admissionregistration.k8s.io", _V1, namespaced=False)

NAMESPACES = _built_in("", _V1, "Namespace", "namespaces", False, short_names=("ns",), status="separate", names="label")
SECRETS = _built_in("", _V1, "Secret", "secrets")
CONFIG_MAPS = _built_in("", _V1, "ConfigMap", "configmaps", short_names=("cm",))
EVENTS = _built_in("", _V1, "Event", "events", short_names=("ev",), create_on_update=True)
LEASES = _built_in("coordination.k8s.io", _V1, "Lease", "leases", unconditional_update=False, create_on_update=True)
DEFINITIONS = _counted(
    "apiextensions.k8s.io",
    _V1,
    "CustomResourceDefinition",
    "customresourcedefinitions",
    False,
    short_names=("crd", "crds"),
    status="separate",
    unconditional_update=False,
)

BUILT_IN: tuple[Resource, ...] = (
    NAMESPACES,
    CONFIG_MAPS,
    SECRETS,
    DEFINITIONS,
    _built_in("", _V1, "Pod", "pods", short_names=("po",), status="separate"),
    _built_in("", _V1, "ServiceAccount", "serviceaccounts", short_names=("sa",)),
    EVENTS,
    _built_in("", _V1, "Service", "services", short_names=("svc",), status="separate", names="service"),
    _counted("apps", _V1, "Deployment", "deployments", short_names=("deploy",), status="separate"),
    LEASES,
    _counted("networking.k8s.io", _V1, "NetworkPolicy", "networkpolicies", short_names=("netpol",)),
    _counted("policy", _V1, "PodDisruptionBudget", "poddisruptionbudgets", short_names=("pdb",), status="separate"),
    _policy("ValidatingAdmissionPolicy", "validatingadmissionpolicies", status="separate"),
    _policy("ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings"),
    _role("Role", "roles"),
    _role("RoleBinding", "rolebindings"),
    _role("ClusterRole", "clusterroles", False),
    _role("ClusterRoleBinding", "clusterrolebindings", False),
)

_tekton = partial(Resource, "tekton.dev", ("v1", "v1beta1"), categories=("tekton", "tekton-pipelines"), status="open")

TASK_RUNS = _tekton("TaskRun", "taskruns", short_names=("tr", "trs"))
PIPELINE_RUNS = _tekton("PipelineRun", "pipelineruns", short_names=("pr", "prs"))


@dataclass(slots=True)
class Catalogue:
    """The resources served at the moment."""

    _by_id: dict[tuple[str, str], Resource] = field(default_factory=dict)

    def register(self, resource: Resource) -> None:
        """Serve a resource, in place of the one of that group and plural if there is one."""
        self._by_id[resource.id] = resource

    def withdraw(self, resource: Resource) -> None:
        """Serve a resource no longer."""
        self._by_id.pop(resource.id, None)

    def find(self, group: str, version: str, plural: str) -> Resource | None:
        resource = self._by_id.get((group, plural))
        return resource if resource is not None and version in resource.versions else None

    def of_kind(self, api_version: str, kind: str) -> Resource | None:
        """Find the resource of a manifest."""
        group, _, version = api_version.rpartition("/")
        for resource in self._by_id.values():
            if (resource.group, resource.kind) == (group, kind) and version in resource.versions:
                return resource
        return None

    def groups(self) -> dict[str, tuple[str, ...]]:
        """The groups but the core one, each with its versions, best first."""
        found: dict[str, dict[str, None]] = {}
        for resource in self._by_id.values():
            if resource.group:
                found.setdefault(resource.group, {}).update(dict.fromkeys(resource.versions))
        return {group: tuple(versions) for group, versions in sorted(found.items())}

    def in_version(self, group: str, version: str) -> list[Resource]:
        found = (each for each in self._by_id.values() if each.group == group and version in each.versions)
        return sorted(found, key=lambda each: each.plural)

    def __iter__(self) -> Iterator[Resource]:
        return iter(tuple(self._by_id.values()))


def catalogue(extra: Iterable[Resource] = ()) -> Catalogue:
    """The built-in resources, Tekton's, and others."""
    made = Catalogue()
    for resource in (*BUILT_IN, TASK_RUNS, PIPELINE_RUNS, *extra):
        made.register(resource)
    return made
