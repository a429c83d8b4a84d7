{{/*
The number of pods, and who decides on it: the release (replicaCount), or an autoscaler.

A number that an autoscaler has set belongs into no manifest: an upgrade or a rollback would set it back. But Kubernetes gives a
Deployment whose manifest loses the field 1 pod. So the manifest that follows one with a number renders the number that it finds in
the cluster, and the annotation `replicas/rendered` of the Deployment records how the last manifest did it:

  none                 without a number: the next manifest has none either
  as found             with the number found in the cluster
  (no annotation)      with replicaCount

`helm template`, and whatever else renders without a cluster, finds nothing and renders no number.
*/}}

{{/*
Non-empty where the release decides on the number of pods.
*/}}
{{- define "confpath.ownsReplicas" -}}
{{- if not (or .Values.autoscaling.enabled (kindIs "invalid" .Values.replicaCount)) }}true{{ end }}
{{- end }}

{{/*
The Deployment in the cluster, as JSON; empty where there is none, or no cluster.
*/}}
{{- define "confpath.liveDeployment" -}}
{{- lookup "apps/v1" "Deployment" .Release.Namespace (include "confpath.fullname" .) | default dict | toJson }}
{{- end }}

{{/*
The fields of the Deployment that depend on it, as JSON: `replicas` and `rendered`, each only where it is to be there.
*/}}
{{- define "confpath.replicas" -}}
{{- $fields := dict }}
{{- if include "confpath.ownsReplicas" . }}
{{- $_ := set $fields "replicas" (int .Values.replicaCount) }}
{{- else }}
{{- $live := include "confpath.liveDeployment" . | fromJson }}
{{- $before := include "confpath.renderedReplicas" $live }}
{{- if or (not $live) (eq $before "none") (include "confpath.othersHoldReplicas" (list . $live)) }}
{{- $_ := set $fields "rendered" "none" }}
{{- else }}
{{- $replicas := int $live.spec.replicas }}
{{- /* An autoscaler leaves 0 pods alone, so 0 must not be what it begins with; later it is somebody's decision. */}}
{{- if and .Values.autoscaling.enabled (not $before) }}
{{- $replicas = max $replicas (int .Values.autoscaling.minReplicas) }}
{{- end }}
{{- $_ := set $fields "rendered" "as found" }}
{{- $_ := set $fields "replicas" $replicas }}
{{- end }}
{{- end }}
{{- toJson $fields }}
{{- end }}

{{/*
The annotation of a Deployment.
*/}}
{{- define "confpath.renderedReplicas" -}}
{{- dig "metadata" "annotations" "replicas/rendered" "" . }}
{{- end }}

{{/*
Non-empty where the number stays although the manifest loses it: Helm applies on the server (which needs Helm 4, and that the release
was applied so before), and someone else holds the field too, such as the autoscaler since it first changed the number. Takes a
list: the root context, and the Deployment in the cluster.
*/}}
{{- define "confpath.othersHoldReplicas" -}}
{{- $root := index . 0 }}
{{- $isApplied := false }}
{{- $isHeld := false }}
{{- if not (hasPrefix "v3." $root.Capabilities.HelmVersion.Version) }}
{{- range dig "metadata" "managedFields" list (index . 1) }}
{{- $fields := .fieldsV1 | default dict }}
{{- if and (eq .operation "Apply") (hasKey (dig "f:metadata" "f:annotations" dict $fields) "f:meta.helm.sh/release-name") }}
{{- $isApplied = true }}
{{- else if hasKey (dig "f:spec" dict $fields) "f:replicas" }}
{{- $isHeld = true }}
{{- end }}
{{- end }}
{{- end }}
{{- if and $isApplied $isHeld }}true{{ end }}
{{- end }}

{{/*
Non-empty where the Deployment can run more than one pod.
*/}}
{{- define "confpath.isReplicated" -}}
{{- if or (not (include "confpath.ownsReplicas" .)) (gt (int .Values.replicaCount) 1) }}true{{ end }}
{{- end }}
