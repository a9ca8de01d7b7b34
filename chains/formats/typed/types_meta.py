"""Members of the types that Kubernetes and Knative give every object: metadata, selectors, conditions."""

TYPES = {
    "apis.Condition": "type:s! status:s! severity:s lastTransitionTime:Time! reason:s message:s",
    "meta.LabelSelector": "matchLabels:{}s matchExpressions:[]meta.LabelSelectorRequirement",
    "meta.LabelSelectorRequirement": "key:s! operator:s! values:[]s",
    "meta.ManagedFieldsEntry": (
        "manager:s operation:s apiVersion:s time:*Time fieldsType:s fieldsV1:*FieldsV1 subresource:s"
    ),
    "meta.ObjectMeta": (
        "name:s generateName:s namespace:s selfLink:s uid:s resourceVersion:s generation:i creationTimestamp:Time "
        "deletionTimestamp:*Time deletionGracePeriodSeconds:*i labels:{}s annotations:{}s "
        "ownerReferences:[]meta.OwnerReference finalizers:[]s managedFields:[]meta.ManagedFieldsEntry"
    ),
    "meta.OwnerReference": "apiVersion:s! kind:s! name:s! uid:s! controller:*b blockOwnerDeletion:*b",
    "meta.TypeMeta": "kind:s apiVersion:s",
    "runtime.TypeMeta": "apiVersion:s kind:s",
    "v1.Status": "observedGeneration:i conditions:[]apis.Condition annotations:{}s",
}
