{{/*
What this chart adds to the library's templates; `files/service.json` names them.
*/}}

{{/*
The process's arguments.
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
  value: {{ include "confpath.peers" . }}
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
  value: {{ printf "%s/%s" .Release.Namespace (include "confpath.fullname" .) | quote }}
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
{{- end }}

{{/*
The settings that `database:` and `cache:` make, as JSON.
*/}}
{{- define "myapp.configData" -}}
{{- $data := dict }}
{{- range $name := list "database" "cache" }}
{{- with include "myapp.serverUrl" (list $ $name) }}
{{- $_ := set $data (include "myapp.serverKind" (list $ $name) | fromJson).url . }}
{{- end }}
{{- end }}
{{- toJson $data }}
{{- end }}

{{/*
A running process stays with the server it began with, so that nobody can lead it and its password elsewhere.
*/}}
{{- define "myapp.podAnnotations" -}}
{{- range $name := list "database" "cache" }}
{{- with include "myapp.server" (list $ $name) | fromJson }}
{{ $name }}/server: {{ printf "%s %d" .host (int .port) | quote }}
{{- end }}
{{- end }}
{{- end }}

{{- define "myapp.volumeMounts" -}}
- name: data
  mountPath: /var/lib/myapp
{{- range $name := list "database" "cache" }}
{{- if (get $.Values $name).caBundle.configMap }}
- name: {{ $name }}-ca
  mountPath: /etc/myapp-{{ $name }}
  readOnly: true
{{- end }}
{{- end }}
{{- end }}

{{- define "myapp.volumes" -}}
- name: data
  emptyDir:
    sizeLimit: {{ .Values.data.sizeLimit | quote }}
{{- range $name := list "database" "cache" }}
{{- if (get $.Values $name).caBundle.configMap }}
- {{ include "myapp.serverAuthorities" (list $ $name) | nindent 2 | trim }}
{{- end }}
{{- end }}
{{- end }}

{{/*
Rules of the NetworkPolicy for the servers that the values name.
*/}}
{{- define "myapp.egress" -}}
{{- range $name := list "database" "cache" }}
{{- $server := list $ $name }}
{{- $peers := include "myapp.serverPeers" $server | fromJsonArray }}
{{- if and (not (include "myapp.serverIsLocal" $server)) (or (get $.Values $name).host $peers) }}
- ports:
    - port: {{ (include "myapp.server" $server | fromJson).port }}
      protocol: TCP
  {{- with $peers }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}
{{- if has "iam" (list .Values.database.auth .Values.cache.auth) }}
# The agent of EKS Pod Identity on each node, by which the pods get their role.
- ports:
    - port: 80
      protocol: TCP
  to:
    - ipBlock:
        cidr: 169.254.170.23/32
    - ipBlock:
        cidr: fd00:ec2::23/128
{{- end }}
{{- end }}
