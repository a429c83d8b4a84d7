{{- define "confpath.networkPolicy" -}}
{{- if .Values.networkPolicy.enabled -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "confpath.fullname" . }}
  labels:
    {{- include "confpath.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      {{- include "confpath.selectorLabels" . | nindent 6 }}
  policyTypes:
    - Ingress
    - Egress
  ingress:
    - ports:
        - port: http
          protocol: TCP
      {{- with .Values.networkPolicy.publicFrom }}
      from:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    {{- if include "confpath.hasAdminPort" . }}
    - ports:
        - port: {{ include "confpath.policyAdminPort" . }}
          protocol: TCP
      from:
        - podSelector:
            matchLabels:
              {{- include "confpath.selectorLabels" . | nindent 14 }}
        - podSelector:
            matchLabels:
              {{- include "confpath.testLabels" . | nindent 14 }}
        {{- with .Values.networkPolicy.adminFrom }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    {{- end }}
  egress:
    - ports:
        {{- range .Values.networkPolicy.dnsPorts }}
        - port: {{ int . }}
          protocol: UDP
        - port: {{ int . }}
          protocol: TCP
        {{- end }}
      {{- with .Values.networkPolicy.dnsTo }}
      to:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    {{- if include "confpath.hasAdminPort" . }}
    - ports:
        - port: {{ include "confpath.policyAdminPort" . }}
          protocol: TCP
      to:
        - podSelector:
            matchLabels:
              {{- include "confpath.selectorLabels" . | nindent 14 }}
    {{- end }}
    {{- with include "confpath.hook" (list . "egress") | trim }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- if .Values.otel.endpoint }}
    - ports:
        - port: {{ include "confpath.collectorPort" . }}
          protocol: TCP
      {{- with .Values.networkPolicy.collectorTo | default (include "confpath.peersOf" (include "confpath.collectorHost" .) | fromJsonArray) }}
      to:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    {{- end }}
    {{- with .Values.networkPolicy.egress }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}
{{- end }}

{{/*
The admin port in a policy: by number where the agent is a sidecar, since not every network plugin knows the names of a sidecar's ports.
*/}}
{{- define "confpath.policyAdminPort" -}}
{{- if or (not (include "confpath.hasAgent" .)) (include "confpath.agentWraps" .) }}admin{{ else }}{{ int (include "confpath.serviceFile" . | fromJson).adminPort }}{{ end }}
{{- end }}

{{/*
NetworkPolicy peers for a host, as JSON: the address alone where it is one, nothing for a name, which no policy can hold. Takes the
host.
*/}}
{{- define "confpath.peersOf" -}}
{{- $peers := list }}
{{- if regexMatch "^([0-9]{1,3}\\.){3}[0-9]{1,3}$" . }}
{{- $peers = list (dict "ipBlock" (dict "cidr" (printf "%s/32" .))) }}
{{- else if contains ":" . }}
{{- $peers = list (dict "ipBlock" (dict "cidr" (printf "%s/128" .))) }}
{{- end }}
{{- toJson $peers }}
{{- end }}
