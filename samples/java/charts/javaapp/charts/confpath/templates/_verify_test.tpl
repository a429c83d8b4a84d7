{{/*
`helm test`: asks every replica whether it runs what this release rendered and is ready, and fails with the name of the one that
does not and its reason. It waits as long as a kubelet may take to bring a change into the pods, and until the name leads to as
many replicas as there are at least. Where the agent runs, `confpath verify` of its image asks; else the service's own command does, where
there is one (`verify` of files/service.json).
*/}}
{{- define "confpath.verifyTest" -}}
{{- $service := include "confpath.serviceFile" . | fromJson -}}
{{- $hasAgent := include "confpath.hasAgent" . -}}
{{- if or $service.verify $hasAgent -}}
apiVersion: v1
kind: Pod
metadata:
  name: {{ include "confpath.fullname" . }}-verify
  labels:
    {{- include "confpath.testLabels" . | nindent 4 }}
  annotations:
    helm.sh/hook: test
    # Kept after it has ended, so that its log can be read.
    helm.sh/hook-delete-policy: before-hook-creation
spec:
  restartPolicy: Never
  automountServiceAccountToken: false
  enableServiceLinks: false
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.podSecurityContext }}
  securityContext:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: verify
      {{- with .Values.securityContext }}
      securityContext:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- $verify := $service.verify }}
      {{- if $hasAgent }}
      image: {{ include "confpath.agentImage" . | quote }}
      imagePullPolicy: {{ .Values.agent.image.pullPolicy }}
      {{- /* Without an acknowledgement nobody can say more than that the files are there. */}}
      {{- $args := ternary list (list "--accept-delivered") (ne ($service.agent.ack | default "") "") }}
      {{- $verify = dict "args" (concat (list "verify" "--peers" (include "confpath.peers" .)) $args) }}
      {{- else }}
      image: {{ include "confpath.image" . | quote }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      {{- end }}
      {{- $replicas := ternary .Values.replicaCount 1 (ne (include "confpath.ownsReplicas" .) "") }}
      {{- if .Values.autoscaling.enabled }}
      {{- $replicas = .Values.autoscaling.minReplicas }}
      {{- end }}
      args: {{ concat $verify.args (list "--seal" (include "confpath.configSeal" .) "--within" "150s" "--replicas" (toString (int $replicas))) | toJson }}
      {{- with $verify.peersVariable }}
      env:
        - name: {{ . | quote }}
          value: {{ include "confpath.peers" $ }}
      {{- end }}
      {{- with .Values.resources }}
      resources:
        {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end }}
{{- end }}
