{{/*
Traces, by the standard variables of OpenTelemetry. Nothing is set where no collector is named.
*/}}

{{- define "confpath.otelEnv" -}}
{{- with .Values.otel }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ .endpoint | quote }}
- name: OTEL_TRACES_SAMPLER
  value: {{ .sampler }}
{{- if hasSuffix "traceidratio" .sampler }}
- name: OTEL_TRACES_SAMPLER_ARG
  value: {{ .ratio | quote }}
{{- end }}
{{- if .headers.existingSecret }}
- name: OTEL_EXPORTER_OTLP_HEADERS
  valueFrom:
    secretKeyRef:
      name: {{ .headers.existingSecret | quote }}
      key: {{ .headers.existingSecretKey | quote }}
      # Traces that a collector refuses are better than a service that does not start.
      optional: true
{{- end }}
{{- end }}
# Before the list that refers to it.
- name: OTEL_RESOURCE_ATTRIBUTES_POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: OTEL_RESOURCE_ATTRIBUTES
  value: {{ include "confpath.otelAttributes" . | quote }}
{{- end }}

{{/*
NAME=VALUE with commas between. Values are percent-encoded, which leaves no $ for Kubernetes to take for a variable; the pod's
name is one.
*/}}
{{- define "confpath.otelAttributes" -}}
{{- $attributes := dict "k8s.namespace.name" .Release.Namespace "k8s.deployment.name" (include "confpath.fullname" .) }}
{{- $attributes = merge (dict) (.Values.otel.resourceAttributes | default dict) $attributes }}
{{- $pairs := list "k8s.pod.name=$(OTEL_RESOURCE_ATTRIBUTES_POD_NAME)" }}
{{- range $name, $value := $attributes }}
{{- $pairs = append $pairs (printf "%s=%s" $name (urlquery $value | replace "+" "%20")) }}
{{- end }}
{{- join "," $pairs }}
{{- end }}

{{- define "confpath.collectorAuthority" -}}
{{- regexReplaceAll "^http://([^/]*).*$" .Values.otel.endpoint "$1" }}
{{- end }}

{{- define "confpath.collectorHost" -}}
{{- regexReplaceAll ":[0-9]+$" (include "confpath.collectorAuthority" .) "" | trimAll "[]" }}
{{- end }}

{{/*
The collector's port; http's own where the endpoint has none.
*/}}
{{- define "confpath.collectorPort" -}}
{{- regexFind ":[0-9]+$" (include "confpath.collectorAuthority" .) | trimPrefix ":" | default "80" }}
{{- end }}
