{{- define "confpath.configmap" -}}
{{- include "confpath.refuseProblems" . -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "confpath.fullname" . }}
  labels:
    {{- include "confpath.labels" . | nindent 4 }}
data:
  {{- range $key, $value := include "confpath.configData" . | fromJson }}
  {{ $key }}: {{ $value | quote }}
  {{- end }}
  CONFIG_SEAL: {{ include "confpath.configSeal" . | quote }}
{{- end }}
