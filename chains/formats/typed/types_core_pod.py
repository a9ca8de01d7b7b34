"""Members of the core/v1 types of a pod: scheduling, DNS, security, and the pod template Tekton makes of them."""

TYPES = {
    "core.Affinity": (
        "nodeAffinity:*core.NodeAffinity podAffinity:*core.PodAffinity podAntiAffinity:*core.PodAntiAffinity"
    ),
    "core.HostAlias": "ip:s! hostnames:[]s",
    "core.NodeAffinity": (
        "requiredDuringSchedulingIgnoredDuringExecution:*core.NodeSelector "
        "preferredDuringSchedulingIgnoredDuringExecution:[]core.PreferredSchedulingTerm"
    ),
    "core.NodeSelector": "nodeSelectorTerms:[]core.NodeSelectorTerm!",
    "core.NodeSelectorRequirement": "key:s! operator:s! values:[]s",
    "core.NodeSelectorTerm": (
        "matchExpressions:[]core.NodeSelectorRequirement matchFields:[]core.NodeSelectorRequirement"
    ),
    "core.PodAffinity": (
        "requiredDuringSchedulingIgnoredDuringExecution:[]core.PodAffinityTerm "
        "preferredDuringSchedulingIgnoredDuringExecution:[]core.WeightedPodAffinityTerm"
    ),
    "core.PodAffinityTerm": (
        "labelSelector:*meta.LabelSelector namespaces:[]s topologyKey:s! namespaceSelector:*meta.LabelSelector "
        "matchLabelKeys:[]s mismatchLabelKeys:[]s"
    ),
    "core.PodAntiAffinity": (
        "requiredDuringSchedulingIgnoredDuringExecution:[]core.PodAffinityTerm "
        "preferredDuringSchedulingIgnoredDuringExecution:[]core.WeightedPodAffinityTerm"
    ),
    "core.PodDNSConfig": "nameservers:[]s searches:[]s options:[]core.PodDNSConfigOption",
    "core.PodDNSConfigOption": "name:s value:*s",
    "core.PodSecurityContext": (
        "seLinuxOptions:*core.SELinuxOptions windowsOptions:*core.WindowsSecurityContextOptions runAsUser:*i "
        "runAsGroup:*i runAsNonRoot:*b supplementalGroups:[]i supplementalGroupsPolicy:*s fsGroup:*i "
        "sysctls:[]core.Sysctl fsGroupChangePolicy:*s seccompProfile:*core.SeccompProfile "
        "appArmorProfile:*core.AppArmorProfile seLinuxChangePolicy:*s"
    ),
    "core.PreferredSchedulingTerm": "weight:i! preference:core.NodeSelectorTerm!",
    "core.Sysctl": "name:s! value:s!",
    "core.Toleration": "key:s operator:s value:s effect:s tolerationSeconds:*i",
    "core.TopologySpreadConstraint": (
        "maxSkew:i! topologyKey:s! whenUnsatisfiable:s! labelSelector:*meta.LabelSelector minDomains:*i "
        "nodeAffinityPolicy:*s nodeTaintsPolicy:*s matchLabelKeys:[]s"
    ),
    "core.WeightedPodAffinityTerm": "weight:i! podAffinityTerm:core.PodAffinityTerm!",
    "tekton/pod.Template": (
        "nodeSelector:{}s env:[]core.EnvVar tolerations:[]core.Toleration affinity:*core.Affinity "
        "securityContext:*core.PodSecurityContext volumes:[]core.Volume runtimeClassName:*s "
        "automountServiceAccountToken:*b dnsPolicy:*s dnsConfig:*core.PodDNSConfig enableServiceLinks:*b "
        "priorityClassName:*s schedulerName:s imagePullSecrets:[]core.LocalObjectReference "
        "hostAliases:[]core.HostAlias hostNetwork:b hostUsers:*b "
        "topologySpreadConstraints:[]core.TopologySpreadConstraint"
    ),
}
