"""From a CustomResourceDefinition to the resource it defines."""

from chains.demo.kubernetes.objects import Object
from chains.demo.kubernetes.resources import Resource


def resource_of(definition: Object) -> Resource:
    """Read a definition that follows the rules of its kind; the storage version comes first."""
    spec = definition["spec"]
    names = spec["names"]
    served = [each for each in spec["versions"] if each.get("served", True)]
    ordered = sorted(served, key=lambda each: not each.get("storage"))
    has_status = any("status" in (each.get("subresources") or {}) for each in ordered)
    return Resource(
        spec["group"],
        tuple(each["name"] for each in ordered),
        names["kind"],
        names["plural"],
        spec["scope"] == "Namespaced",
        singular=names.get("singular", ""),
        short_names=tuple(names.get("shortNames") or ()),
        categories=tuple(names.get("categories") or ()),
        status="separate" if has_status else "none",
    )
