"""Asking the API what somebody may do: for ourselves, or for another user."""

from dataclasses import dataclass

import msgspec

from chains.kube.client import KubeClient
from chains.kube.wire import decoded

_GROUP = "/apis/authorization.k8s.io/v1"
_SERVICE_ACCOUNT = "system:serviceaccount:"


@dataclass(frozen=True, slots=True)
class Right:
    """One thing to be allowed; without a namespace everywhere, without a name for all objects."""

    group: str
    resource: str
    verb: str
    namespace: str = ""
    name: str = ""

    def __str__(self) -> str:
        resource = f"{self.resource}.{self.group}" if self.group else self.resource
        where = f"in namespace {self.namespace}" if self.namespace else "in all namespaces"
        return f"{self.verb} {resource}{f' {self.name}' if self.name else ''} {where}"

    @property
    def rule(self) -> str:
        """The rule of a role that grants it."""
        named = f', resourceNames: ["{self.name}"]' if self.name else ""
        return f'{{apiGroups: ["{self.group}"], resources: ["{self.resource}"], verbs: ["{self.verb}"]{named}}}'


class _Status(msgspec.Struct, frozen=True):
    allowed: bool = False


class _Review(msgspec.Struct, frozen=True):
    status: _Status = _Status()


_reviews = msgspec.json.Decoder(_Review)


async def is_allowed(client: KubeClient, right: Right, user: str = "") -> bool:
    """Return whether the user (by default whoever asks) has a right; raise EdgeError when that cannot be told."""
    attributes = {"group": right.group, "resource": right.resource, "verb": right.verb}
    attributes |= {"namespace": right.namespace, "name": right.name}
    spec: dict[str, object] = {"resourceAttributes": attributes}
    kind = "SubjectAccessReview" if user else "SelfSubjectAccessReview"
    if user:
        spec |= {"user": user, "groups": _groups(user)}
    body = msgspec.json.encode({"apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": spec})
    answer = await client.create(f"{_GROUP}/{kind.lower()}s", body)
    return decoded(_reviews, answer, f"a {kind}").status.allowed


def _groups(user: str) -> list[str]:
    """Return the groups that Kubernetes itself puts a user into."""
    if not user.startswith(_SERVICE_ACCOUNT):
        return ["system:authenticated"]
    namespace = user.removeprefix(_SERVICE_ACCOUNT).partition(":")[0]
    return ["system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated"]
