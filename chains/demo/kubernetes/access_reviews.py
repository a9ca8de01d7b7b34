"""Who may do what here: everybody everything, but for what is denied."""

from collections.abc import Collection
from typing import Any

PATHS = {
    f"/apis/authorization.k8s.io/v1/{kind.lower()}s": kind
    for kind in ("SelfSubjectAccessReview", "SubjectAccessReview")
}


def review(kind: str, asked: dict[str, Any], denied: Collection[tuple[str, str]]) -> dict[str, Any]:
    """Answer a review; `denied` are pairs of verb and resource."""
    spec = asked.get("spec") or {}
    attributes = spec.get("resourceAttributes") or {}
    allowed = (attributes.get("verb"), attributes.get("resource")) not in denied
    head = {"kind": kind, "apiVersion": "authorization.k8s.io/v1", "metadata": {}}
    return head | {"spec": spec, "status": {"allowed": allowed}}
