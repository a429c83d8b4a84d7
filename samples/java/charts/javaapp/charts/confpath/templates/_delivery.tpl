{{/*
The way of the settings to the process: one mounted directory, or environment variables.
*/}}

{{/*
Non-empty where the process reads settings from mounted files, empty where it has them from environment variables.
*/}}
{{- define "confpath.deliversFiles" -}}
{{- if ne .Values.config.delivery "env" }}true{{ end }}
{{- end }}

{{/*
The checksum of what only new pods take into force; empty where there is nothing of this kind. An environment variable is fixed for the
life of a process, and so is a setting whose change takes a restart, unless the agent restarts the process; other mounted files are taken into
force by the running process.
There is no checksum of secrets: pod annotations can be read by many, and a hash of a short secret gives it away.
*/}}
{{- define "confpath.configChecksum" -}}
{{- if include "confpath.deliversFiles" . }}
{{- $data := include "confpath.configData" . | fromJson }}
{{- $restart := dict }}
{{- range $key, $setting := include "confpath.settings" . | fromJson }}
{{- if and $setting.restart (hasKey $data $key) (not (include "confpath.agentRestarts" $)) }}
{{- $_ := set $restart $key (get $data $key) }}
{{- end }}
{{- end }}
{{- with $restart }}{{ include "confpath.sealOf" . }}{{ end }}
{{- else }}
{{- include "confpath.configSeal" . }}
{{- end }}
{{- end }}

{{- define "confpath.podAnnotations" -}}
{{- $own := include "confpath.hook" (list . "podAnnotations") | fromYaml }}
{{- with include "confpath.configChecksum" . }}
{{- $_ := set $own "checksum/config" . }}
{{- end }}
{{- with (include "confpath.scalar" (list "" .Values.secretRevision) | fromJson).text }}
{{- $_ := set $own "secret/revision" . }}
{{- end }}
{{- merge $own (.Values.podAnnotations | default dict) | toYaml }}
{{- end }}

{{/*
One volume for both folders, so that one atomic swap by the kubelet changes all settings together. Everything is optional: a
missing key is then the process's clear message, not a pod that never starts.
*/}}
{{- define "confpath.configVolume" -}}
name: config
projected:
  # 0440: the group is podSecurityContext.fsGroup.
  defaultMode: 288
  sources:
    - configMap:
        name: {{ include "confpath.fullname" . }}
        optional: true
        items:
          {{- range $key := include "confpath.keys" (list . false) | fromJsonArray }}
          - key: {{ $key | quote }}
            path: config/{{ $key }}
          {{- end }}
    {{- range $name, $items := include "confpath.secretItems" . | fromJson }}
    - secret:
        name: {{ $name | quote }}
        optional: true
        items:
          {{- toYaml $items | nindent 10 }}
    {{- end }}
{{- end }}

{{/*
The files of all secret settings by the Secret that they come from, as JSON.
*/}}
{{- define "confpath.secretItems" -}}
{{- $items := dict }}
{{- range $key := include "confpath.keys" (list . true) | fromJsonArray }}
{{- $ref := include "confpath.secretRef" (list $ $key) | fromJson }}
{{- $item := dict "key" $ref.key "path" (printf "secrets/%s" $key) }}
{{- $_ := set $items $ref.name (append (get $items $ref.name | default list) $item) }}
{{- end }}
{{- toJson $items }}
{{- end }}

{{/*
The container's environment as the chart sets it: the process's arguments by the hook `env`, the directory of the settings or, for `env`
delivery, the settings themselves, and OpenTelemetry's variables.
*/}}
{{- define "confpath.env" -}}
{{- include "confpath.hook" (list . "env") }}
{{- if include "confpath.deliversFiles" . }}
{{- with (include "confpath.serviceFile" . | fromJson) }}
{{- if .directoryVariable }}
- name: {{ .directoryVariable | quote }}
  value: {{ ternary (printf "%s/current" (include "confpath.agentOut" $)) .mountPath (ne (include "confpath.hasAgent" $) "") | quote }}
{{- end }}
{{- end }}
{{- if include "confpath.agentWraps" . }}
{{- include "confpath.agentEnv" . }}
{{- else if include "confpath.hasAgent" . }}
# The agent sets it for what it starts.
- name: CONFPATH_DIR
  value: {{ include "confpath.agentOut" . }}
{{- end }}
{{- else }}
{{- range $key := include "confpath.keys" (list . false) | fromJsonArray }}
- name: {{ $key | quote }}
  valueFrom:
    configMapKeyRef:
      name: {{ include "confpath.fullname" $ }}
      key: {{ $key | quote }}
      optional: true
{{- end }}
{{- range $key := include "confpath.keys" (list . true) | fromJsonArray }}
{{- $ref := include "confpath.secretRef" (list $ $key) | fromJson }}
- name: {{ $key | quote }}
  valueFrom:
    secretKeyRef:
      name: {{ $ref.name | quote }}
      key: {{ $ref.key | quote }}
      optional: true
{{- end }}
{{- end }}
{{- if .Values.otel.endpoint }}
{{- include "confpath.otelEnv" . }}
{{- end }}
{{- end }}

{{/*
The container's mounts: the settings, those of the hook `volumeMounts`, and those of the values.
*/}}
{{- define "confpath.volumeMounts" -}}
{{- if include "confpath.agentWraps" . }}
{{- include "confpath.agentMounts" . }}
- name: agent
  mountPath: /agent
  readOnly: true
{{- else if include "confpath.hasAgent" . }}
- name: generations
  mountPath: {{ include "confpath.agentOut" . }}
  readOnly: {{ ne ((include "confpath.serviceFile" . | fromJson).agent.ack | default "") "file" }}
{{- else if include "confpath.deliversFiles" . }}
- name: config
  mountPath: {{ (include "confpath.serviceFile" . | fromJson).mountPath | quote }}
  readOnly: true
{{- end }}
{{ include "confpath.hook" (list . "volumeMounts") }}
{{ with .Values.volumeMounts }}{{ toYaml . }}{{ end }}
{{- end }}

{{/*
The pod's volumes, in the same order.
*/}}
{{- define "confpath.volumes" -}}
{{- if include "confpath.deliversFiles" . }}
- {{ include "confpath.configVolume" . | nindent 2 | trim }}
{{- end }}
{{- if include "confpath.hasAgent" . }}
{{ include "confpath.agentVolumes" . }}
{{- end }}
{{ include "confpath.hook" (list . "volumes") }}
{{ with .Values.volumes }}{{ toYaml . }}{{ end }}
{{- end }}
