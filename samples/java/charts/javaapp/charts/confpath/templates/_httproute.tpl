{{- define "confpath.httpRoute" -}}
{{- if .Values.httpRoute.enabled -}}
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: {{ include "confpath.fullname" . }}
  labels:
    {{- include "confpath.labels" . | nindent 4 }}
  {{- with .Values.httpRoute.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  parentRefs:
    {{- toYaml .Values.httpRoute.parentRefs | nindent 4 }}
  {{- with .Values.httpRoute.hostnames }}
  hostnames:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  rules:
    {{- range .Values.httpRoute.rules }}
    {{- /* A rule that redirects may have no backend. */}}
    {{- $redirects := false }}
    {{- range .filters }}
    {{- $redirects = or $redirects (eq .type "RequestRedirect") }}
    {{- end }}
    - backendRefs:
        {{- if $redirects }} []{{- else }}
        - name: {{ include "confpath.fullname" $ }}
          port: {{ int $.Values.service.port }}
        {{- end }}
      {{- with .matches }}
      matches:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .filters }}
      filters:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .timeouts }}
      timeouts:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    {{- end }}
{{- end }}
{{- end }}
