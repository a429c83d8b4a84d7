{{/*
Names, labels and the image reference.
*/}}

{{- define "myapp.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/*
The name of the release's objects: 63 characters are what DNS allows a Service.
*/}}
{{- define "myapp.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{/*
The headless Service's name. 54 characters leave room for the suffix and keep a release name (at most 53) whole, so two
releases cannot meet here.
*/}}
{{- define "myapp.headlessName" -}}
{{- printf "%s-headless" (include "myapp.fullname" . | trunc 54 | trimSuffix "-") }}
{{- end }}

{{- define "myapp.chart" -}}
{{- printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "myapp.labels" -}}
helm.sh/chart: {{ include "myapp.chart" . }}
{{ include "myapp.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/*
Selectors cannot change after the first install, so they hold these two labels and never more. Quoted, because a release may be
named 42.
*/}}
{{- define "myapp.selectorLabels" -}}
app.kubernetes.io/name: {{ include "myapp.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/*
Of the pod that `helm test` runs. Not the name label: people pick the first pod that carries it, and Services would count it in.
*/}}
{{- define "myapp.testLabels" -}}
app.kubernetes.io/component: test
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/*
The chart's version is not among the pods' labels: a new chart with the same pods must not restart them.
*/}}
{{- define "myapp.podLabels" -}}
{{- $own := dict "app.kubernetes.io/version" .Chart.AppVersion }}
{{- $own = merge $own (include "myapp.selectorLabels" . | fromYaml) }}
{{- merge $own (.Values.podLabels | default dict) | toYaml }}
{{- end }}

{{- define "myapp.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "myapp.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/*
repository:tag, repository@digest, or both where both are given (the digest then decides).
*/}}
{{- define "myapp.image" -}}
{{- $tag := .Values.image.tag | default (ternary "" .Chart.AppVersion (ne .Values.image.digest "")) }}
{{- .Values.image.repository }}
{{- with $tag }}:{{ . }}{{ end }}
{{- with .Values.image.digest }}@{{ . }}{{ end }}
{{- end }}

{{/*
Non-empty where the Deployment can run more than one pod.
*/}}
{{- define "myapp.isReplicated" -}}
{{- if or (not (include "myapp.ownsReplicas" .)) (gt (int .Values.replicaCount) 1) }}true{{ end }}
{{- end }}
