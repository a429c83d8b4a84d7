{{- define "confpath.deployment" -}}
{{- $service := include "confpath.serviceFile" . | fromJson -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "confpath.fullname" . }}
  labels:
    {{- include "confpath.labels" . | nindent 4 }}
  {{- $fields := include "confpath.replicas" . | fromJson }}
  {{- with $fields.rendered }}
  annotations:
    replicas/rendered: {{ . }}
  {{- end }}
spec:
  {{- if hasKey $fields "replicas" }}
  replicas: {{ int $fields.replicas }}
  {{- end }}
  {{- with .Values.strategy }}
  strategy:
    type: {{ .type }}
    {{- /* The default parameters would be an error beside another type. */}}
    {{- if and (eq .type "RollingUpdate") .rollingUpdate }}
    rollingUpdate:
      {{- toYaml .rollingUpdate | nindent 6 }}
    {{- end }}
  {{- end }}
  selector:
    matchLabels:
      {{- include "confpath.selectorLabels" . | nindent 6 }}
  template:
    metadata:
      annotations:
        {{- include "confpath.podAnnotations" . | nindent 8 }}
      labels:
        {{- include "confpath.podLabels" . | nindent 8 }}
    spec:
      {{- with .Values.imagePullSecrets }}
      imagePullSecrets:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      serviceAccountName: {{ include "confpath.serviceAccountName" . | quote }}
      automountServiceAccountToken: {{ .Values.serviceAccount.automount }}
      # A Service named shop would otherwise inject SHOP_PORT and its like, which may read as the process's own arguments.
      enableServiceLinks: false
      {{- with .Values.podSecurityContext }}
      securityContext:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      terminationGracePeriodSeconds: {{ int .Values.terminationGracePeriodSeconds }}
      {{- with .Values.priorityClassName }}
      priorityClassName: {{ . | quote }}
      {{- end }}
      {{- if include "confpath.hasAgent" . }}
      initContainers:
        - {{ include "confpath.agentContainer" . | nindent 10 | trim }}
      {{- end }}
      containers:
        - name: {{ .Chart.Name }}
          {{- with .Values.securityContext }}
          securityContext:
            {{- toYaml . | nindent 12 }}
          {{- end }}
          image: {{ include "confpath.image" . | quote }}
          imagePullPolicy: {{ .Values.image.pullPolicy }}
          {{- if include "confpath.agentWraps" . }}
          command: ["/agent/confpath"]
          args: {{ concat (list "run" "--") $service.agent.command | toJson }}
          {{- end }}
          ports:
            - name: http
              containerPort: {{ int $service.port }}
              protocol: TCP
            {{- if and $service.adminPort (or (include "confpath.agentWraps" .) (not (include "confpath.hasAgent" .))) }}
            {{- include "confpath.adminPort" . | nindent 12 }}
            {{- end }}
          {{- $env := include "confpath.env" . | trim }}
          {{- if or $env .Values.extraEnv }}
          env:
            {{- with $env }}
            {{- . | nindent 12 }}
            {{- end }}
            {{- with .Values.extraEnv }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
          {{- end }}
          {{- with .Values.envFrom }}
          envFrom:
            {{- toYaml . | nindent 12 }}
          {{- end }}
          {{- with .Values.lifecycle }}
          lifecycle:
            {{- toYaml . | nindent 12 }}
          {{- end }}
          {{- with include "confpath.probes" . | trim }}
          {{- . | nindent 10 }}
          {{- end }}
          {{- with .Values.resources }}
          resources:
            {{- toYaml . | nindent 12 }}
          {{- end }}
          {{- with include "confpath.volumeMounts" . | trim }}
          volumeMounts:
            {{- . | nindent 12 }}
          {{- end }}
      {{- with include "confpath.volumes" . | trim }}
      volumes:
        {{- . | nindent 8 }}
      {{- end }}
      topologySpreadConstraints:
        {{- if .Values.topologySpreadConstraints }}
        {{- toYaml .Values.topologySpreadConstraints | nindent 8 }}
        {{- else }}
        {{- range $key := list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
        - topologyKey: {{ $key }}
          maxSkew: 1
          whenUnsatisfiable: ScheduleAnyway
          # Only pods of the same revision count, so a rollout ends as evenly spread as it began.
          matchLabelKeys:
            - pod-template-hash
          labelSelector:
            matchLabels:
              {{- include "confpath.selectorLabels" $ | nindent 14 }}
        {{- end }}
        {{- end }}
      {{- with .Values.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .Values.affinity }}
      affinity:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .Values.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end }}
