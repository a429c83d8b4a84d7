{{- define "confpath.pdb" -}}
{{- if and .Values.podDisruptionBudget.enabled (include "confpath.isReplicated" .) -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "confpath.fullname" . }}
  labels:
    {{- include "confpath.labels" . | nindent 4 }}
spec:
  maxUnavailable: {{ .Values.podDisruptionBudget.maxUnavailable }}
  unhealthyPodEvictionPolicy: {{ .Values.podDisruptionBudget.unhealthyPodEvictionPolicy }}
  selector:
    matchLabels:
      {{- include "confpath.selectorLabels" . | nindent 6 }}
{{- end }}
{{- end }}
