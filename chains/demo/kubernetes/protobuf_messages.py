"""The messages that typed clients send in protobuf: field numbers, names in JSON, and types."""

from collections.abc import Mapping

_META = ("metadata", "ObjectMeta")
_RBAC = "rbac.authorization.k8s.io/v1"

KINDS: Mapping[tuple[str, str], str] = {
    ("v1", "ConfigMap"): "ConfigMap",
    ("v1", "DeleteOptions"): "DeleteOptions",
    ("v1", "Namespace"): "Namespace",
    ("v1", "Secret"): "Secret",
    ("v1", "ServiceAccount"): "ServiceAccount",
    ("coordination.k8s.io/v1", "Lease"): "Lease",
    (_RBAC, "ClusterRole"): "Role",
    (_RBAC, "ClusterRoleBinding"): "RoleBinding",
    (_RBAC, "Role"): "Role",
    (_RBAC, "RoleBinding"): "RoleBinding",
}
"""The message of each kind that can be read."""

MESSAGES: Mapping[str, Mapping[int, tuple[str, str]]] = {
    "ObjectMeta": {
        1: ("name", "string"),
        2: ("generateName", "string"),
        3: ("namespace", "string"),
        5: ("uid", "string"),
        6: ("resourceVersion", "string"),
        7: ("generation", "int"),
        8: ("creationTimestamp", "time"),
        9: ("deletionTimestamp", "time"),
        10: ("deletionGracePeriodSeconds", "int"),
        11: ("labels", "map string"),
        12: ("annotations", "map string"),
        13: ("ownerReferences", "list OwnerReference"),
        14: ("finalizers", "list string"),
        17: ("managedFields", "list ManagedFieldsEntry"),
    },
    "OwnerReference": {
        1: ("kind", "string"),
        3: ("name", "string"),
        4: ("uid", "string"),
        5: ("apiVersion", "string"),
        6: ("controller", "bool"),
        7: ("blockOwnerDeletion", "bool"),
    },
    "ManagedFieldsEntry": {
        1: ("manager", "string"),
        2: ("operation", "string"),
        3: ("apiVersion", "string"),
        4: ("time", "time"),
        6: ("fieldsType", "string"),
        7: ("fieldsV1", "fieldsV1"),
        8: ("subresource", "string"),
    },
    "ConfigMap": {1: _META, 2: ("data", "map string"), 3: ("binaryData", "map bytes"), 4: ("immutable", "bool")},
    "Secret": {
        1: _META,
        2: ("data", "map bytes"),
        3: ("type", "string"),
        4: ("stringData", "map string"),
        5: ("immutable", "bool"),
    },
    "Namespace": {1: _META, 2: ("spec", "NamespaceSpec")},
    "NamespaceSpec": {1: ("finalizers", "list string")},
    "ServiceAccount": {
        1: _META,
        2: ("secrets", "list ObjectReference"),
        3: ("imagePullSecrets", "list LocalObjectReference"),
        4: ("automountServiceAccountToken", "bool"),
    },
    "ObjectReference": {
        1: ("kind", "string"),
        2: ("namespace", "string"),
        3: ("name", "string"),
        4: ("uid", "string"),
        5: ("apiVersion", "string"),
        6: ("resourceVersion", "string"),
        7: ("fieldPath", "string"),
    },
    "LocalObjectReference": {1: ("name", "string")},
    "Lease": {1: _META, 2: ("spec", "LeaseSpec")},
    "LeaseSpec": {
        1: ("holderIdentity", "string"),
        2: ("leaseDurationSeconds", "int"),
        3: ("acquireTime", "microtime"),
        4: ("renewTime", "microtime"),
        5: ("leaseTransitions", "int"),
    },
    "Role": {1: _META, 2: ("rules", "list PolicyRule")},
    "PolicyRule": {
        1: ("verbs", "list string"),
        2: ("apiGroups", "list string"),
        3: ("resources", "list string"),
        4: ("resourceNames", "list string"),
        5: ("nonResourceURLs", "list string"),
    },
    "RoleBinding": {1: _META, 2: ("subjects", "list Subject"), 3: ("roleRef", "RoleRef")},
    "Subject": {1: ("kind", "string"), 2: ("apiGroup", "string"), 3: ("name", "string"), 4: ("namespace", "string")},
    "RoleRef": {1: ("apiGroup", "string"), 2: ("kind", "string"), 3: ("name", "string")},
    "DeleteOptions": {
        1: ("gracePeriodSeconds", "int"),
        2: ("preconditions", "Preconditions"),
        4: ("propagationPolicy", "string"),
        5: ("dryRun", "list string"),
    },
    "Preconditions": {1: ("uid", "string"), 2: ("resourceVersion", "string")},
}
"""The messages by name. A type is a scalar, another message, or `list` or `map` of one."""
