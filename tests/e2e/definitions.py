"""The definitions of Tekton's runs, as far as an API server goes by them."""

from typing import Any


def run_definition(kind: str, plural: str, short: str, *, status_apart: bool) -> dict[str, Any]:
    """Tekton's definition: both versions served, status apart, a schema that keeps everything."""
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    columns = [{"name": "Succeeded", "type": "string", "jsonPath": '.status.conditions[?(@.type=="Succeeded")].status'}]
    versions = [
        {
            "name": version,
            "served": True,
            "storage": version == "v1",
            "schema": schema,
            **({"subresources": {"status": {}}} if status_apart else {}),
            "additionalPrinterColumns": columns,
        }
        for version in ("v1beta1", "v1")
    ]
    names = {"kind": kind, "plural": plural, "singular": kind.lower(), "shortNames": [short, f"{short}s"]}
    spec = {
        "group": "tekton.dev",
        "scope": "Namespaced",
        "names": {**names, "listKind": f"{kind}List", "categories": ["tekton", "tekton-pipelines"]},
        "versions": versions,
    }
    metadata = {"name": f"{plural}.tekton.dev"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": metadata,
        "spec": spec,
    }
