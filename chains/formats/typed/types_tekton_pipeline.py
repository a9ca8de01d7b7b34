"""Members of the tekton.dev/v1 types of a pipeline and of the spec of its run."""

TYPES = {
    "tekton.EmbeddedTask": (
        "<runtime.TypeMeta> spec:RawExtension! metadata:tekton.PipelineTaskMetadata! <tekton.TaskSpec>"
    ),
    "tekton.IncludeParams": "name:s params:[]tekton.Param",
    "tekton.Matrix": "params:[]tekton.Param include:[]tekton.IncludeParams",
    "tekton.PipelineRef": "name:s apiVersion:s <tekton.ResolverRef>",
    "tekton.PipelineResult": "name:s! type:s description:s! value:ParamValue!",
    "tekton.PipelineRunSpec": (
        "pipelineRef:*tekton.PipelineRef pipelineSpec:*tekton.PipelineSpec params:[]tekton.Param status:s "
        "timeouts:*tekton.TimeoutFields taskRunTemplate:tekton.PipelineTaskRunTemplate! "
        "workspaces:[]tekton.WorkspaceBinding taskRunSpecs:[]tekton.PipelineTaskRunSpec managedBy:*s"
    ),
    "tekton.PipelineSpec": (
        "displayName:s description:s tasks:[]tekton.PipelineTask params:[]tekton.ParamSpec "
        "workspaces:[]tekton.PipelineWorkspaceDeclaration results:[]tekton.PipelineResult "
        "finally:[]tekton.PipelineTask"
    ),
    "tekton.PipelineTask": (
        "name:s displayName:s description:s taskRef:*tekton.TaskRef taskSpec:*tekton.EmbeddedTask "
        "when:[]tekton.WhenExpression retries:i runAfter:[]s params:[]tekton.Param matrix:*tekton.Matrix "
        "workspaces:[]tekton.WorkspacePipelineTaskBinding timeout:*Duration pipelineRef:*tekton.PipelineRef "
        "pipelineSpec:*tekton.PipelineSpec onError:s"
    ),
    "tekton.PipelineTaskMetadata": "labels:{}s annotations:{}s",
    "tekton.PipelineTaskRunSpec": (
        "pipelineTaskName:s serviceAccountName:s podTemplate:*tekton/pod.Template "
        "stepSpecs:[]tekton.TaskRunStepSpec sidecarSpecs:[]tekton.TaskRunSidecarSpec "
        "metadata:*tekton.PipelineTaskMetadata computeResources:*core.ResourceRequirements timeout:*Duration"
    ),
    "tekton.PipelineTaskRunTemplate": "podTemplate:*tekton/pod.Template serviceAccountName:s",
    "tekton.PipelineWorkspaceDeclaration": "name:s! description:s optional:b",
    "tekton.TimeoutFields": "pipeline:*Duration tasks:*Duration finally:*Duration",
    "tekton.WhenExpression": "input:s operator:s values:[]s cel:s",
    "tekton.WorkspacePipelineTaskBinding": "name:s! workspace:s subPath:s",
}
