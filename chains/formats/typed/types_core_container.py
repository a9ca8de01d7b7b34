"""Members of the core/v1 types of a container: environment, probes, resources, security, state."""

TYPES = {
    "core.AppArmorProfile": "type:s! localhostProfile:*s",
    "core.Capabilities": "add:[]s drop:[]s",
    "core.ConfigMapEnvSource": "<core.LocalObjectReference> optional:*b",
    "core.ConfigMapKeySelector": "<core.LocalObjectReference> key:s! optional:*b",
    "core.ContainerPort": "name:s hostPort:i containerPort:i! protocol:s hostIP:s",
    "core.ContainerState": (
        "waiting:*core.ContainerStateWaiting running:*core.ContainerStateRunning "
        "terminated:*core.ContainerStateTerminated"
    ),
    "core.ContainerStateRunning": "startedAt:Time!",
    "core.ContainerStateTerminated": (
        "exitCode:i! signal:i reason:s message:s startedAt:Time! finishedAt:Time! containerID:s"
    ),
    "core.ContainerStateWaiting": "reason:s message:s",
    "core.EnvFromSource": "prefix:s configMapRef:*core.ConfigMapEnvSource secretRef:*core.SecretEnvSource",
    "core.EnvVar": "name:s! value:s valueFrom:*core.EnvVarSource",
    "core.EnvVarSource": (
        "fieldRef:*core.ObjectFieldSelector resourceFieldRef:*core.ResourceFieldSelector "
        "configMapKeyRef:*core.ConfigMapKeySelector secretKeyRef:*core.SecretKeySelector "
        "fileKeyRef:*core.FileKeySelector"
    ),
    "core.ExecAction": "command:[]s",
    "core.FileKeySelector": "volumeName:s! path:s! key:s! optional:*b",
    "core.GRPCAction": "port:i! service:*s!",
    "core.HTTPGetAction": "path:s port:IntOrString! host:s scheme:s httpHeaders:[]core.HTTPHeader",
    "core.HTTPHeader": "name:s! value:s!",
    "core.Lifecycle": "postStart:*core.LifecycleHandler preStop:*core.LifecycleHandler stopSignal:*s",
    "core.LifecycleHandler": (
        "exec:*core.ExecAction httpGet:*core.HTTPGetAction tcpSocket:*core.TCPSocketAction sleep:*core.SleepAction"
    ),
    "core.LocalObjectReference": "name:s",
    "core.ObjectFieldSelector": "apiVersion:s fieldPath:s!",
    "core.Probe": (
        "<core.ProbeHandler> initialDelaySeconds:i timeoutSeconds:i periodSeconds:i successThreshold:i "
        "failureThreshold:i terminationGracePeriodSeconds:*i"
    ),
    "core.ProbeHandler": (
        "exec:*core.ExecAction httpGet:*core.HTTPGetAction tcpSocket:*core.TCPSocketAction grpc:*core.GRPCAction"
    ),
    "core.ResourceClaim": "name:s! request:s",
    "core.ResourceFieldSelector": "containerName:s resource:s! divisor:Quantity!",
    "core.ResourceRequirements": "limits:{}Quantity requests:{}Quantity claims:[]core.ResourceClaim",
    "core.SELinuxOptions": "user:s role:s type:s level:s",
    "core.SeccompProfile": "type:s! localhostProfile:*s",
    "core.SecretEnvSource": "<core.LocalObjectReference> optional:*b",
    "core.SecretKeySelector": "<core.LocalObjectReference> key:s! optional:*b",
    "core.SecurityContext": (
        "capabilities:*core.Capabilities privileged:*b seLinuxOptions:*core.SELinuxOptions "
        "windowsOptions:*core.WindowsSecurityContextOptions runAsUser:*i runAsGroup:*i runAsNonRoot:*b "
        "readOnlyRootFilesystem:*b allowPrivilegeEscalation:*b procMount:*s seccompProfile:*core.SeccompProfile "
        "appArmorProfile:*core.AppArmorProfile"
    ),
    "core.SleepAction": "seconds:i!",
    "core.TCPSocketAction": "port:IntOrString! host:s",
    "core.VolumeDevice": "name:s! devicePath:s!",
    "core.VolumeMount": (
        "name:s! readOnly:b recursiveReadOnly:*s mountPath:s! subPath:s mountPropagation:*s subPathExpr:s"
    ),
    "core.WindowsSecurityContextOptions": (
        "gmsaCredentialSpecName:*s gmsaCredentialSpec:*s runAsUserName:*s hostProcess:*b"
    ),
}
