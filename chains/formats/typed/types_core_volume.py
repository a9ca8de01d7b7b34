"""Members of the core/v1 types of a volume and its sources."""

TYPES = {
    "core.AWSElasticBlockStoreVolumeSource": "volumeID:s! fsType:s partition:i readOnly:b",
    "core.AzureDiskVolumeSource": "diskName:s! diskURI:s! cachingMode:*s fsType:*s readOnly:*b kind:*s",
    "core.AzureFileVolumeSource": "secretName:s! shareName:s! readOnly:b",
    "core.CSIVolumeSource": (
        "driver:s! readOnly:*b fsType:*s volumeAttributes:{}s nodePublishSecretRef:*core.LocalObjectReference"
    ),
    "core.CephFSVolumeSource": (
        "monitors:[]s! path:s user:s secretFile:s secretRef:*core.LocalObjectReference readOnly:b"
    ),
    "core.CinderVolumeSource": "volumeID:s! fsType:s readOnly:b secretRef:*core.LocalObjectReference",
    "core.ClusterTrustBundleProjection": "name:*s signerName:*s labelSelector:*meta.LabelSelector optional:*b path:s!",
    "core.ConfigMapProjection": "<core.LocalObjectReference> items:[]core.KeyToPath optional:*b",
    "core.ConfigMapVolumeSource": "<core.LocalObjectReference> items:[]core.KeyToPath defaultMode:*i optional:*b",
    "core.DownwardAPIProjection": "items:[]core.DownwardAPIVolumeFile",
    "core.DownwardAPIVolumeFile": (
        "path:s! fieldRef:*core.ObjectFieldSelector resourceFieldRef:*core.ResourceFieldSelector mode:*i"
    ),
    "core.DownwardAPIVolumeSource": "items:[]core.DownwardAPIVolumeFile defaultMode:*i",
    "core.EmptyDirVolumeSource": "medium:s sizeLimit:*Quantity",
    "core.FCVolumeSource": "targetWWNs:[]s lun:*i fsType:s readOnly:b wwids:[]s",
    "core.FlexVolumeSource": "driver:s! fsType:s secretRef:*core.LocalObjectReference readOnly:b options:{}s",
    "core.FlockerVolumeSource": "datasetName:s datasetUUID:s",
    "core.GCEPersistentDiskVolumeSource": "pdName:s! fsType:s partition:i readOnly:b",
    "core.GitRepoVolumeSource": "repository:s! revision:s directory:s",
    "core.GlusterfsVolumeSource": "endpoints:s! path:s! readOnly:b",
    "core.HostPathVolumeSource": "path:s! type:*s",
    "core.ISCSIVolumeSource": (
        "targetPortal:s! iqn:s! lun:i! iscsiInterface:s fsType:s readOnly:b portals:[]s chapAuthDiscovery:b "
        "chapAuthSession:b secretRef:*core.LocalObjectReference initiatorName:*s"
    ),
    "core.ImageVolumeSource": "reference:s pullPolicy:s",
    "core.KeyToPath": "key:s! path:s! mode:*i",
    "core.NFSVolumeSource": "server:s! path:s! readOnly:b",
    "core.PhotonPersistentDiskVolumeSource": "pdID:s! fsType:s",
    "core.PodCertificateProjection": (
        "signerName:s keyType:s maxExpirationSeconds:*i credentialBundlePath:s keyPath:s certificateChainPath:s "
        "userAnnotations:{}s"
    ),
    "core.PortworxVolumeSource": "volumeID:s! fsType:s readOnly:b",
    "core.ProjectedVolumeSource": "sources:[]core.VolumeProjection! defaultMode:*i",
    "core.QuobyteVolumeSource": "registry:s! volume:s! readOnly:b user:s group:s tenant:s",
    "core.RBDVolumeSource": (
        "monitors:[]s! image:s! fsType:s pool:s user:s keyring:s secretRef:*core.LocalObjectReference readOnly:b"
    ),
    "core.ScaleIOVolumeSource": (
        "gateway:s! system:s! secretRef:*core.LocalObjectReference! sslEnabled:b protectionDomain:s storagePool:s "
        "storageMode:s volumeName:s fsType:s readOnly:b"
    ),
    "core.SecretProjection": "<core.LocalObjectReference> items:[]core.KeyToPath optional:*b",
    "core.SecretVolumeSource": "secretName:s items:[]core.KeyToPath defaultMode:*i optional:*b",
    "core.ServiceAccountTokenProjection": "audience:s expirationSeconds:*i path:s!",
    "core.StorageOSVolumeSource": (
        "volumeName:s volumeNamespace:s fsType:s readOnly:b secretRef:*core.LocalObjectReference"
    ),
    "core.Volume": "name:s! <core.VolumeSource>",
    "core.VolumeProjection": (
        "secret:*core.SecretProjection downwardAPI:*core.DownwardAPIProjection configMap:*core.ConfigMapProjection "
        "serviceAccountToken:*core.ServiceAccountTokenProjection "
        "clusterTrustBundle:*core.ClusterTrustBundleProjection podCertificate:*core.PodCertificateProjection"
    ),
    "core.VolumeSource": (
        "hostPath:*core.HostPathVolumeSource emptyDir:*core.EmptyDirVolumeSource "
        "gcePersistentDisk:*core.GCEPersistentDiskVolumeSource "
        "awsElasticBlockStore:*core.AWSElasticBlockStoreVolumeSource gitRepo:*core.GitRepoVolumeSource "
        "secret:*core.SecretVolumeSource nfs:*core.NFSVolumeSource iscsi:*core.ISCSIVolumeSource "
        "glusterfs:*core.GlusterfsVolumeSource persistentVolumeClaim:*core.PersistentVolumeClaimVolumeSource "
        "rbd:*core.RBDVolumeSource flexVolume:*core.FlexVolumeSource cinder:*core.CinderVolumeSource "
        "cephfs:*core.CephFSVolumeSource flocker:*core.FlockerVolumeSource "
        "downwardAPI:*core.DownwardAPIVolumeSource fc:*core.FCVolumeSource azureFile:*core.AzureFileVolumeSource "
        "configMap:*core.ConfigMapVolumeSource vsphereVolume:*core.VsphereVirtualDiskVolumeSource "
        "quobyte:*core.QuobyteVolumeSource azureDisk:*core.AzureDiskVolumeSource "
        "photonPersistentDisk:*core.PhotonPersistentDiskVolumeSource projected:*core.ProjectedVolumeSource "
        "portworxVolume:*core.PortworxVolumeSource scaleIO:*core.ScaleIOVolumeSource "
        "storageos:*core.StorageOSVolumeSource csi:*core.CSIVolumeSource ephemeral:*core.EphemeralVolumeSource "
        "image:*core.ImageVolumeSource"
    ),
    "core.VsphereVirtualDiskVolumeSource": "volumePath:s! fsType:s storagePolicyName:s storagePolicyID:s",
}
