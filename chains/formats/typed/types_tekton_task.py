"""Members of the tekton.dev/v1 types of a task: parameters, steps, sidecars, workspaces, results."""

TYPES = {
    "tekton.Param": "name:s! value:ParamValue!",
    "tekton.ParamSpec": "name:s! type:s description:s properties:{}tekton.PropertySpec default:*ParamValue enum:[]s",
    "tekton.PropertySpec": "type:s",
    "tekton.Ref": "name:s <tekton.ResolverRef>",
    "tekton.ResolverRef": "resolver:s params:[]tekton.Param",
    "tekton.Sidecar": (
        "name:s! image:s command:[]s args:[]s workingDir:s ports:[]core.ContainerPort envFrom:[]core.EnvFromSource "
        "env:[]core.EnvVar computeResources:core.ResourceRequirements! volumeMounts:[]core.VolumeMount "
        "volumeDevices:[]core.VolumeDevice livenessProbe:*core.Probe readinessProbe:*core.Probe "
        "startupProbe:*core.Probe lifecycle:*core.Lifecycle terminationMessagePath:s terminationMessagePolicy:s "
        "imagePullPolicy:s securityContext:*core.SecurityContext stdin:b stdinOnce:b tty:b script:s "
        "workspaces:[]tekton.WorkspaceUsage restartPolicy:*s"
    ),
    "tekton.Step": (
        "name:s! displayName:s image:s command:[]s args:[]s workingDir:s envFrom:[]core.EnvFromSource "
        "env:[]core.EnvVar computeResources:core.ResourceRequirements! volumeMounts:[]core.VolumeMount "
        "volumeDevices:[]core.VolumeDevice imagePullPolicy:s securityContext:*core.SecurityContext script:s "
        "timeout:*Duration workspaces:[]tekton.WorkspaceUsage onError:s stdoutConfig:*tekton.StepOutputConfig "
        "stderrConfig:*tekton.StepOutputConfig ref:*tekton.Ref params:[]tekton.Param results:[]tekton.StepResult "
        "when:[]tekton.WhenExpression"
    ),
    "tekton.StepOutputConfig": "path:s",
    "tekton.StepResult": "name:s! type:s properties:{}tekton.PropertySpec description:s",
    "tekton.StepTemplate": (
        "image:s command:[]s args:[]s workingDir:s envFrom:[]core.EnvFromSource env:[]core.EnvVar "
        "computeResources:core.ResourceRequirements! volumeMounts:[]core.VolumeMount "
        "volumeDevices:[]core.VolumeDevice imagePullPolicy:s securityContext:*core.SecurityContext"
    ),
    "tekton.TaskRef": "name:s kind:s apiVersion:s <tekton.ResolverRef>",
    "tekton.TaskResult": "name:s! type:s properties:{}tekton.PropertySpec description:s value:*ParamValue",
    "tekton.TaskSpec": (
        "params:[]tekton.ParamSpec displayName:s description:s steps:[]tekton.Step volumes:[]core.Volume "
        "stepTemplate:*tekton.StepTemplate sidecars:[]tekton.Sidecar workspaces:[]tekton.WorkspaceDeclaration "
        "results:[]tekton.TaskResult"
    ),
    "tekton.WorkspaceBinding": (
        "name:s! subPath:s volumeClaimTemplate:*core.PersistentVolumeClaim "
        "persistentVolumeClaim:*core.PersistentVolumeClaimVolumeSource emptyDir:*core.EmptyDirVolumeSource "
        "configMap:*core.ConfigMapVolumeSource secret:*core.SecretVolumeSource "
        "projected:*core.ProjectedVolumeSource csi:*core.CSIVolumeSource"
    ),
    "tekton.WorkspaceDeclaration": "name:s! description:s mountPath:s readOnly:b optional:b",
    "tekton.WorkspaceUsage": "name:s! mountPath:s!",
}
