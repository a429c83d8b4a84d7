{{- define "confpath.configmap" -}}
{{- include "confpath.refuseProblems" . -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "confpath.fullname" . }}
  labels:
    {{- include "confpath.labels" . | nindent 4 }}
    {{- /* By which the API server finds the policy that checks the data, where one was applied. */}}
    confpath.dev/contract: {{ (.Files.Get "files/contract.json" | fromJson).digest | trunc 40 | quote }}
data:
  {{- range $key, $value := include "confpath.configData" . | fromJson }}
  {{ $key | quote }}: {{ $value | quote }}
  {{- end }}
  CONFIG_SEAL: {{ include "confpath.configSeal" . | quote }}
{{- end }}
