"""Members of the core/v1 types of a claim to persistent storage."""

TYPES = {
    "core.EphemeralVolumeSource": "volumeClaimTemplate:*core.PersistentVolumeClaimTemplate",
    "core.ModifyVolumeStatus": "targetVolumeAttributesClassName:s status:s!",
    "core.PersistentVolumeClaim": (
        "<meta.TypeMeta> metadata:meta.ObjectMeta! spec:core.PersistentVolumeClaimSpec! "
        "status:core.PersistentVolumeClaimStatus!"
    ),
    "core.PersistentVolumeClaimCondition": (
        "type:s! status:s! lastProbeTime:Time! lastTransitionTime:Time! reason:s message:s"
    ),
    "core.PersistentVolumeClaimSpec": (
        "accessModes:[]s selector:*meta.LabelSelector resources:core.VolumeResourceRequirements! volumeName:s "
        "storageClassName:*s volumeMode:*s dataSource:*core.TypedLocalObjectReference "
        "dataSourceRef:*core.TypedObjectReference volumeAttributesClassName:*s"
    ),
    "core.PersistentVolumeClaimStatus": (
        "phase:s accessModes:[]s capacity:{}Quantity conditions:[]core.PersistentVolumeClaimCondition "
        "allocatedResources:{}Quantity allocatedResourceStatuses:{}s currentVolumeAttributesClassName:*s "
        "modifyVolumeStatus:*core.ModifyVolumeStatus"
    ),
    "core.PersistentVolumeClaimTemplate": "metadata:meta.ObjectMeta! spec:core.PersistentVolumeClaimSpec!",
    "core.PersistentVolumeClaimVolumeSource": "claimName:s! readOnly:b",
    "core.TypedLocalObjectReference": "apiGroup:*s! kind:s! name:s!",
    "core.TypedObjectReference": "apiGroup:*s! kind:s! name:s! namespace:*s",
    "core.VolumeResourceRequirements": "limits:{}Quantity requests:{}Quantity",
}
