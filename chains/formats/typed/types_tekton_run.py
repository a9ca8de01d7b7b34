"""Members of the tekton.dev/v1 types of a TaskRun: spec, status, artifacts, provenance."""

TYPES = {
    "tekton.Artifact": "name:s values:[]tekton.ArtifactValue buildOutput:b",
    "tekton.ArtifactValue": "digest:{}s uri:s",
    "tekton.Artifacts": "inputs:[]tekton.Artifact outputs:[]tekton.Artifact",
    "tekton.FeatureFlags": (
        "disableCredsInit:b runningInEnvWithInjectedSidecars:b requireGitSSHSecretKnownHosts:b enableAPIFields:s "
        "sendCloudEventsForRuns:b awaitSidecarReadiness:b enforceNonfalsifiability:s enableKeepPodOnCancel:b "
        "verificationNoMatchPolicy:s enableProvenanceInStatus:b resultExtractionMethod:s maxResultSize:i "
        "setSecurityContext:b setSecurityContextReadOnlyRootFilesystem:b coschedule:s enableCELInWhenExpression:b "
        "enableStepActions:b enableParamEnum:b enableArtifacts:b disableInlineSpec:s enableConciseResolverSyntax:b "
        "enableKubernetesSidecar:b enableWaitExponentialBackoff:b enableTerminationMessageCompression:b "
        "enableTektonOCIBundles:*b"
    ),
    "tekton.Provenance": "refSource:*tekton.RefSource featureFlags:*tekton.FeatureFlags",
    "tekton.RefSource": "uri:s digest:{}s entryPoint:s",
    "tekton.SidecarState": "<core.ContainerState> name:s container:s imageID:s",
    "tekton.StepState": (
        "<core.ContainerState> name:s container:s imageID:s results:[]tekton.TaskRunResult "
        "provenance:*tekton.Provenance terminationReason:s inputs:[]tekton.Artifact outputs:[]tekton.Artifact"
    ),
    "tekton.TaskBreakpoints": "onFailure:s beforeSteps:[]s",
    "tekton.TaskRun": "<meta.TypeMeta> metadata:meta.ObjectMeta! spec:tekton.TaskRunSpec! status:tekton.TaskRunStatus!",
    "tekton.TaskRunDebug": "breakpoints:*tekton.TaskBreakpoints",
    "tekton.TaskRunResult": "name:s! type:s value:ParamValue!",
    "tekton.TaskRunSidecarSpec": "name:s! computeResources:core.ResourceRequirements!",
    "tekton.TaskRunSpec": (
        "debug:*tekton.TaskRunDebug params:[]tekton.Param serviceAccountName:s! taskRef:*tekton.TaskRef "
        "taskSpec:*tekton.TaskSpec status:s statusMessage:s retries:i timeout:*Duration "
        "podTemplate:*tekton/pod.Template workspaces:[]tekton.WorkspaceBinding stepSpecs:[]tekton.TaskRunStepSpec "
        "sidecarSpecs:[]tekton.TaskRunSidecarSpec computeResources:*core.ResourceRequirements managedBy:*s"
    ),
    "tekton.TaskRunStatus": "<v1.Status> <tekton.TaskRunStatusFields>",
    "tekton.TaskRunStatusFields": (
        "podName:s! startTime:*Time completionTime:*Time steps:[]tekton.StepState "
        "retriesStatus:[]tekton.TaskRunStatus results:[]tekton.TaskRunResult artifacts:*tekton.Artifacts "
        "sidecars:[]tekton.SidecarState taskSpec:*tekton.TaskSpec provenance:*tekton.Provenance spanContext:{}s"
    ),
    "tekton.TaskRunStepSpec": "name:s! computeResources:core.ResourceRequirements!",
}
