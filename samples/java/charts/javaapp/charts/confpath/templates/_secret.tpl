{{- define "confpath.secret" -}}
{{- if and (not .Values.existingSecret) (include "confpath.keys" (list . true) | fromJsonArray) -}}
apiVersion: v1
kind: Secret
metadata:
  name: {{ include "confpath.secretName" . }}
  labels:
    {{- include "confpath.labels" . | nindent 4 }}
type: Opaque
data:
  {{- range $key, $value := include "confpath.secretData" . | fromJson }}
  {{ $key | quote }}: {{ $value | b64enc | quote }}
  {{- end }}
{{- end }}
{{- end }}
