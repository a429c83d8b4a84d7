{{/*
The agent, `confpath run`: it takes changes of the configuration as transactions for a service that does not do so itself. The values
switch it on (`agent`), and `files/service.json` says how it talks to the service (`agent`, too).
*/}}

{{/*
Non-empty where the agent runs.
*/}}
{{- define "confpath.hasAgent" -}}
{{- if (.Values.agent | default dict).enabled }}true{{ end }}
{{- end }}

{{/*
Non-empty where the agent starts the service, empty where it is a container beside it.
*/}}
{{- define "confpath.agentWraps" -}}
{{- if and (include "confpath.hasAgent" .) (ne .Values.agent.form "sidecar") }}true{{ end }}
{{- end }}

{{/*
The folder of the generations, which the agent alone writes but for the acknowledgement.
*/}}
{{- define "confpath.agentOut" -}}
/run/confpath
{{- end }}

{{/*
The name of the ConfigMap with the contract. It has the contract's digest in it: pods of another contract have an object of their own, and
a new contract starts new pods.
*/}}
{{- define "confpath.contractName" -}}
{{- $digest := (.Files.Get "files/contract.json" | fromJson).digest }}
{{- printf "%s-contract-%s" (include "confpath.fullname" . | trunc 43 | trimSuffix "-") (trunc 10 $digest) }}
{{- end }}

{{- define "confpath.contract" -}}
{{- if include "confpath.hasAgent" . -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "confpath.contractName" . }}
  labels:
    {{- include "confpath.labels" . | nindent 4 }}
immutable: true
data:
  contract.json: {{ .Files.Get "files/agent-contract.json" | quote }}
{{- end }}
{{- end }}

{{/*
The reference of the image with confpath.
*/}}
{{- define "confpath.agentImage" -}}
{{- with .Values.agent.image }}
{{- .repository }}
{{- with .tag }}:{{ . }}{{ end }}
{{- with .digest }}@{{ . }}{{ end }}
{{- end }}
{{- end }}

{{/*
The agent's arguments, as variables, so that `kubectl exec` sees them too.
*/}}
{{- define "confpath.agentEnv" -}}
{{- $service := include "confpath.serviceFile" . | fromJson }}
- name: CONFPATH_CONTRACT
  value: /etc/confpath-contract/contract.json
- name: CONFPATH_CONFIG_DIR
  value: {{ $service.mountPath | quote }}
- name: CONFPATH_OUT
  value: {{ include "confpath.agentOut" . }}
- name: CONFPATH_ADMIN_LISTEN
  value: {{ printf "[::]:%d" (int $service.adminPort) | quote }}
{{- range $flag := list "notify" "ack" }}
{{- with get $service.agent $flag }}
- name: CONFPATH_{{ upper $flag }}
  value: {{ . | quote }}
{{- end }}
{{- end }}
{{- with $service.agent.prepare }}
- name: CONFPATH_PREPARE
  value: {{ ternary (toJson .) . (kindIs "slice" .) | quote }}
{{- end }}
{{- end }}

{{/*
The agent's mounts: the settings and the contract to read, and the generations to write.
*/}}
{{- define "confpath.agentMounts" -}}
- name: config
  mountPath: {{ (include "confpath.serviceFile" . | fromJson).mountPath | quote }}
  readOnly: true
- name: contract
  mountPath: /etc/confpath-contract
  readOnly: true
- name: generations
  mountPath: {{ include "confpath.agentOut" . }}
{{- end }}

{{/*
The init container: it copies the agent for the service's container, whose image need not change, or is the agent beside it.
*/}}
{{- define "confpath.agentContainer" -}}
name: agent
{{- with .Values.securityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
image: {{ include "confpath.agentImage" . | quote }}
imagePullPolicy: {{ .Values.agent.image.pullPolicy }}
{{- if include "confpath.agentWraps" . }}
args: ["install", "/agent"]
volumeMounts:
  - name: agent
    mountPath: /agent
{{- else }}
# Starts before the service, and ends after it.
restartPolicy: Always
args: ["run"]
ports:
  {{- include "confpath.adminPort" . | nindent 2 }}
env:
  {{- include "confpath.agentEnv" . | trim | nindent 2 }}
{{- range $probe := list "startup" "liveness" "readiness" }}
{{ $probe }}Probe:
  {{- include "confpath.agentProbe" $probe | nindent 2 }}
{{- end }}
volumeMounts:
  {{- include "confpath.agentMounts" . | nindent 2 }}
{{- end }}
{{- with .Values.agent.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/*
A probe of the agent. Takes its kind.
*/}}
{{- define "confpath.agentProbe" -}}
httpGet:
  path: {{ get (dict "startup" "/startupz" "liveness" "/livez" "readiness" "/readyz") . }}
  port: admin
{{- if eq . "startup" }}
periodSeconds: 1
failureThreshold: 60
{{- end }}
{{- end }}

{{- define "confpath.adminPort" -}}
- name: admin
  containerPort: {{ int (include "confpath.serviceFile" . | fromJson).adminPort }}
  protocol: TCP
{{- end }}

{{/*
The probes of the service's container, as YAML: those that the values give; where the agent starts the service, the agent's for the others.
*/}}
{{- define "confpath.probes" -}}
{{- range $probe := list "startup" "liveness" "readiness" }}
{{- $name := printf "%sProbe" $probe }}
{{- if get $.Values $name }}
{{ $name }}:
  {{- toYaml (get $.Values $name) | nindent 2 }}
{{- else if and (include "confpath.agentWraps" $) (not (hasKey $.Values $name)) }}
{{ $name }}:
  {{- include "confpath.agentProbe" $probe | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}

{{/*
What the agent adds to the pod's volumes.
*/}}
{{- define "confpath.agentVolumes" -}}
- name: contract
  configMap:
    name: {{ include "confpath.contractName" . }}
- name: generations
  emptyDir:
    # Secrets are in it.
    medium: Memory
    sizeLimit: 64Mi
{{- if include "confpath.agentWraps" . }}
- name: agent
  emptyDir:
    sizeLimit: 64Mi
{{- end }}
{{- end }}

{{/*
What contradicts itself, or cannot be: one line a problem.
*/}}
{{- define "confpath.problems.agent" -}}
{{- if include "confpath.hasAgent" . }}
{{- $file := .Files.Get "files/service.json" | default "{}" | fromJson }}
{{- $agent := $file.agent | default dict }}
{{- $place := "files/service.json: agent." }}
{{- $notify := $agent.notify | default "" }}
{{- $wraps := include "confpath.agentWraps" . }}
{{- if not (hasKey $file "agent") }}
{{- println "agent.enabled: files/service.json has no agent, so that the chart cannot say how it would talk to the service" }}
{{- else if not (.Files.Get "files/agent-contract.json") }}
{{- println "agent.enabled: files/agent-contract.json is missing: `confpath generate` writes it" }}
{{- end }}
{{- if not .Values.agent.image.repository }}
{{- println "agent.image.repository: names no image with confpath" }}
{{- end }}
{{- if not (include "confpath.deliversFiles" .) }}
{{- println "agent.enabled: needs config.delivery files, since variables do not change in a running process" }}
{{- end }}
{{- if $file.verify }}
{{- println "files/service.json: verify asks the service's own admin port, and with agent.enabled that port is the agent's; leave one out" }}
{{- end }}
{{- if and $wraps (hasKey $file "agent") (not $agent.command) }}
{{- printf "%scommand: is missing; with agent.form wrapper the agent starts the service and cannot know the command of its image" $place | println }}
{{- end }}
{{- if and (not $wraps) (hasPrefix "signal:" $notify) }}
{{- printf "%snotify: %s needs agent.form wrapper, since a container beside the service sees no process of it" $place $notify | println }}
{{- end }}
{{- if and (not $wraps) (kindIs "slice" $agent.prepare) }}
{{- printf "%sprepare: a command needs agent.form wrapper, since a container beside the service has another image; give a URL" $place | println }}
{{- end }}
{{- if and (eq ($agent.ack | default "") "response") (not (hasPrefix "http://" $notify)) }}
{{- printf "%sack: response needs a notify that begins with http://, which the service answers" $place | println }}
{{- end }}
{{- end }}
{{- end }}
