{{/*
How settings travel from values to the process. The keys come from files/contract.json, which is generated from the
service's settings type; none is named here.
*/}}

{{/*
The contract's settings by key, as JSON.
*/}}
{{- define "myapp.settings" -}}
{{- (.Files.Get "files/contract.json" | fromJson).keys | toJson }}
{{- end }}

{{/*
The text of one value. A values file makes every number a float, so whole ones are printed as decimals, not as 1e+06.
*/}}
{{- define "myapp.text" -}}
{{- if kindIs "float64" . }}{{ printf "%.0f" . }}{{ else }}{{ toString . }}{{ end }}
{{- end }}

{{/*
The given settings as JSON, key to text. Takes a list: the root context, and whether secrets or the others are wanted.
null means not given; so does "" for a secret, since values.yaml holds "" to show that the key exists.
*/}}
{{- define "myapp.given" -}}
{{- $root := index . 0 }}
{{- $wantsSecrets := index . 1 }}
{{- $given := dict }}
{{- range $key, $setting := include "myapp.settings" $root | fromJson }}
{{- if and (eq $setting.secret $wantsSecrets) (hasKey $root.Values.config $key) }}
{{- $value := get $root.Values.config $key }}
{{- $isAbsent := or (kindIs "invalid" $value) (and $setting.secret (eq (toString $value) "")) }}
{{- if not $isAbsent }}
{{- $_ := set $given $key (include "myapp.text" $value) }}
{{- end }}
{{- end }}
{{- end }}
{{- toJson $given }}
{{- end }}

{{- define "myapp.configData" -}}
{{- $data := include "myapp.given" (list . false) | fromJson }}
{{- range $name := list "database" "cache" }}
{{- with include "myapp.serverUrl" (list $ $name) }}
{{- $_ := set $data (include "myapp.serverKind" (list $ $name) | fromJson).url . }}
{{- end }}
{{- end }}
{{- toJson $data }}
{{- end }}

{{- define "myapp.secretData" -}}
{{- include "myapp.given" (list . true) }}
{{- end }}

{{/*
CONFIG_SEAL: SHA-256 over the lines KEY=<SHA-256 of the value>, sorted by key (`range` sorts), of all other keys of the
ConfigMap. The process computes the same sum over the mounted files, so an edit outside the release shows.
*/}}
{{- define "myapp.configSeal" -}}
{{- $lines := "" }}
{{- range $key, $value := include "myapp.configData" . | fromJson }}
{{- $lines = printf "%s%s=%s\n" $lines $key (sha256sum $value) }}
{{- end }}
{{- sha256sum $lines }}
{{- end }}

{{- define "myapp.secretName" -}}
{{- .Values.existingSecret | default (include "myapp.fullname" .) }}
{{- end }}

{{/*
Non-empty where pods must be replaced for a changed ConfigMap to take effect: an environment variable is fixed for the life of a
process. Mounted files are taken into force by the running process.
*/}}
{{- define "myapp.rollsOnConfigChange" -}}
{{- if not (include "myapp.deliversFiles" .) }}true{{ end }}
{{- end }}

{{/*
The seal serves as the checksum. There is no checksum of secrets: pod annotations can be read by many, and a hash of a short
secret gives it away.
*/}}
{{- define "myapp.podAnnotations" -}}
{{- $own := dict }}
{{- if include "myapp.rollsOnConfigChange" . }}
{{- $_ := set $own "checksum/config" (include "myapp.configSeal" .) }}
{{- end }}
{{- $revision := include "myapp.text" .Values.secretRevision }}
{{- if $revision }}
{{- $_ := set $own "secret/revision" $revision }}
{{- end }}
{{- /* A running process stays with the server it began with, so that nobody can lead it and its password elsewhere. */}}
{{- range $name := list "database" "cache" }}
{{- with include "myapp.server" (list $ $name) | fromJson }}
{{- $_ := set $own (printf "%s/server" $name) (printf "%s %d" .host (int .port)) }}
{{- end }}
{{- end }}
{{- merge $own (.Values.podAnnotations | default dict) | toYaml }}
{{- end }}

{{/*
One volume for both folders, so that one atomic swap by the kubelet changes all settings together. Everything is optional: a
missing key is then the process's clear message, not a pod that never starts.
*/}}
{{- define "myapp.configVolume" -}}
name: config
projected:
  # 0440: the group is podSecurityContext.fsGroup.
  defaultMode: 288
  sources:
    - configMap:
        name: {{ include "myapp.fullname" . }}
        optional: true
        items:
          {{- range $key := include "myapp.keys" (list . false) | fromJsonArray }}
          - key: {{ $key }}
            path: config/{{ $key }}
          {{- end }}
    {{- range $name, $items := include "myapp.secretItems" . | fromJson }}
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
{{- define "myapp.secretItems" -}}
{{- $items := dict }}
{{- range $key := include "myapp.keys" (list . true) | fromJsonArray }}
{{- $ref := include "myapp.secretRef" (list $ $key) | fromJson }}
{{- $item := dict "key" $ref.key "path" (printf "secrets/%s" $key) }}
{{- $_ := set $items $ref.name (append (get $items $ref.name | default list) $item) }}
{{- end }}
{{- toJson $items }}
{{- end }}

{{/*
The keys that the Secret (true) or the ConfigMap (false) may hold, given or not: the pod's shape does not depend on values.
*/}}
{{- define "myapp.keys" -}}
{{- $keys := ternary (list) (list "CONFIG_SEAL") (index . 1) }}
{{- range $key, $setting := include "myapp.settings" (index . 0) | fromJson }}
{{- if eq $setting.secret (index $ 1) }}
{{- $keys = append $keys $key }}
{{- end }}
{{- end }}
{{- sortAlpha $keys | toJson }}
{{- end }}

{{/*
Non-empty where the process reads settings from mounted files, empty where it has them from environment variables.
*/}}
{{- define "myapp.deliversFiles" -}}
{{- if ne .Values.config.delivery "env" }}true{{ end }}
{{- end }}

{{/*
The container's environment as the chart sets it: the process's arguments and, for `env` delivery, the settings.
*/}}
{{- define "myapp.env" -}}
- name: MYAPP_LISTEN
  value: {{ printf "%s:5000" .Values.listen.address | quote }}
- name: MYAPP_ADMIN_LISTEN
  value: {{ printf "%s:9090" .Values.listen.address | quote }}
- name: MYAPP_OPERATOR_LISTEN
  value: 127.0.0.1:9091
- name: MYAPP_DATA_DIR
  value: /var/lib/myapp
- name: MYAPP_PEERS
  value: {{ include "myapp.headlessName" . }}.{{ .Release.Namespace }}.svc:9090
- name: MYAPP_EXPOSE_SECRETS
  value: {{ .Values.exposeSecrets | quote }}
{{- if .Values.sbom.enabled }}
- name: MYAPP_SBOM
  value: /usr/share/sbom/myapp.cdx.json
{{- end }}
{{- range $name := list "database" "cache" }}
- name: MYAPP_{{ upper $name }}_HOST
  value: {{ include "myapp.serverHost" (list $ $name) | quote }}
- name: MYAPP_{{ upper $name }}_AUTH
  value: {{ (get $.Values $name).auth }}
{{- end }}
{{- if eq .Values.cache.auth "iam" }}
- name: MYAPP_CACHE_NAME
  value: {{ .Values.cache.name | quote }}
{{- end }}
- name: MYAPP_CACHE_PREFIX
  value: {{ printf "%s/%s" .Release.Namespace (include "myapp.fullname" .) | quote }}
- name: MYAPP_LIMIT_CONNECTIONS
  value: {{ int .Values.limits.connections | quote }}
- name: MYAPP_DRAIN_MIN
  value: {{ int .Values.drain.minSeconds }}s
- name: MYAPP_DRAIN_QUIET
  value: {{ int .Values.drain.quietSeconds }}s
- name: MYAPP_DRAIN_ACCEPT_MAX
  value: {{ int .Values.drain.acceptMaxSeconds }}s
- name: MYAPP_DRAIN_REQUESTS_MAX
  value: {{ int .Values.drain.requestsMaxSeconds }}s
{{- if include "myapp.deliversFiles" . }}
- name: MYAPP_CONFIG_DIR
  value: /etc/myapp
{{- else }}
{{- range $key := include "myapp.keys" (list . false) | fromJsonArray }}
- name: {{ $key }}
  valueFrom:
    configMapKeyRef:
      name: {{ include "myapp.fullname" $ }}
      key: {{ $key }}
      optional: true
{{- end }}
{{- range $key := include "myapp.keys" (list . true) | fromJsonArray }}
{{- $ref := include "myapp.secretRef" (list $ $key) | fromJson }}
- name: {{ $key }}
  valueFrom:
    secretKeyRef:
      name: {{ $ref.name | quote }}
      key: {{ $ref.key | quote }}
      optional: true
{{- end }}
{{- end }}
{{- if .Values.otel.endpoint }}
{{- include "myapp.otelEnv" . }}
{{- end }}
{{- end }}
