{{/*
Names, labels and the image reference.
*/}}

{{- define "confpath.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/*
The name of the release's objects: 63 characters are what DNS allows a Service.
*/}}
{{- define "confpath.fullname" -}}
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
{{- define "confpath.headlessName" -}}
{{- printf "%s-headless" (include "confpath.fullname" . | trunc 54 | trimSuffix "-") }}
{{- end }}

{{/*
The name that leads to all pods, ready or not, with the admin port.
*/}}
{{- define "confpath.peers" -}}
{{- printf "%s.%s.svc:%d" (include "confpath.headlessName" .) .Release.Namespace (int (include "confpath.serviceFile" . | fromJson).adminPort) }}
{{- end }}

{{- define "confpath.chart" -}}
{{- printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "confpath.labels" -}}
helm.sh/chart: {{ include "confpath.chart" . }}
{{ include "confpath.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/*
Selectors cannot change after the first install, so they hold these two labels and never more. Quoted, because a release may be
named 42.
*/}}
{{- define "confpath.selectorLabels" -}}
app.kubernetes.io/name: {{ include "confpath.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/*
Of the pod that `helm test` runs. Not the name label: people pick the first pod that carries it, and Services would count it in.
*/}}
{{- define "confpath.testLabels" -}}
app.kubernetes.io/component: test
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/*
The chart's version is not among the pods' labels: a new chart with the same pods must not restart them.
*/}}
{{- define "confpath.podLabels" -}}
{{- $own := dict "app.kubernetes.io/version" .Chart.AppVersion }}
{{- $own = merge $own (include "confpath.selectorLabels" . | fromYaml) }}
{{- merge $own (.Values.podLabels | default dict) | toYaml }}
{{- end }}

{{- define "confpath.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "confpath.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/*
repository:tag, repository@digest, or both where both are given (the digest then decides).
*/}}
{{- define "confpath.image" -}}
{{- $tag := .Values.image.tag | default (ternary "" .Chart.AppVersion (ne .Values.image.digest "")) }}
{{- .Values.image.repository }}
{{- with $tag }}:{{ . }}{{ end }}
{{- with .Values.image.digest }}@{{ . }}{{ end }}
{{- end }}
