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
Non-empty where the agent restarts the service in its pod for a change that needs it, empty where the pods are replaced.
*/}}
{{- define "confpath.agentRestarts" -}}
{{- if and (include "confpath.agentWraps" .) (eq (.Values.agent.restart | default "rollout") "child") }}true{{ end }}
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
{{- if include "confpath.agentRestarts" . }}
{{- include "confpath.agentRestartEnv" . }}
{{- end }}
{{- end }}

{{/*
The agent's arguments about restarts. Before one the service drains until the kubelet has failed the readiness probe often enough to take
the pod out of its Services, and for as long as `chassis` gives load balancers to follow.
*/}}
{{- define "confpath.agentRestartEnv" -}}
{{- $probe := .Values.readinessProbe | default dict }}
{{- $unready := mul (int ($probe.periodSeconds | default 10)) (int ($probe.failureThreshold | default 3)) }}
- name: CONFPATH_ON_RESTART
  value: child
- name: CONFPATH_RESTART_SPREAD
  value: {{ .Values.agent.restartSpread | default "60s" | quote }}
- name: CONFPATH_PEERS
  value: {{ include "confpath.peers" . }}
- name: CONFPATH_DRAIN
  value: {{ printf "%ds" (add $unready 5) }}
{{- with include "confpath.agentReady" . }}
- name: CONFPATH_READY
  value: {{ . | quote }}
- name: CONFPATH_READY_TIMEOUT
  value: {{ $.Values.agent.readyTimeout | default "60s" | quote }}
{{- end }}
{{- end }}

{{/*
The URL by which the agent asks the service what the readiness probe of the values would; nothing where that is the agent's own.
*/}}
{{- define "confpath.agentReady" -}}
{{- with (.Values.readinessProbe | default dict).httpGet }}
{{- $port := ternary (include "confpath.serviceFile" $ | fromJson).port .port (eq (toString .port) "http") }}
{{- if ne (toString .port) "admin" }}
{{- printf "http://127.0.0.1:%d/%s" (int $port) (.path | default "" | trimPrefix "/") }}
{{- end }}
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
Where it restarts the service, the readiness probe asks the agent, which passes on what the service says, and has traffic sent elsewhere
before a restart.
*/}}
{{- define "confpath.probes" -}}
{{- range $probe := list "startup" "liveness" "readiness" }}
{{- $name := printf "%sProbe" $probe }}
{{- if and (eq $probe "readiness") (include "confpath.agentRestarts" $) }}
{{ $name }}:
  {{- include "confpath.agentProbe" $probe | nindent 2 }}
  {{- with omit (get $.Values $name | default dict) "httpGet" }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- else if get $.Values $name }}
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
{{- if eq (.Values.agent.restart | default "rollout") "child" }}
{{- include "confpath.problems.agentRestart" (list . $agent) }}
{{- end }}
{{- if and (eq ($agent.ack | default "") "response") (not (hasPrefix "http://" $notify)) }}
{{- printf "%sack: response needs a notify that begins with http://, which the service answers" $place | println }}
{{- end }}
{{- end }}
{{- end }}

{{/*
What cannot be where the agent restarts the service. Takes a list: the root context, and `agent` of files/service.json.
*/}}
{{- define "confpath.problems.agentRestart" -}}
{{- $root := index . 0 }}
{{- $probe := $root.Values.readinessProbe | default dict }}
{{- $get := $probe.httpGet | default dict }}
{{- $place := "with agent.restart child the agent asks the service for its readiness" }}
{{- if not (include "confpath.agentWraps" $root) }}
{{- println "agent.restart: child needs agent.form wrapper, since a container beside the service cannot restart it" }}
{{- end }}
{{- if $root.Values.livenessProbe }}
{{- println "livenessProbe: the kubelet would kill the pod while the agent restarts the service; leave it out with agent.restart child, and the agent answers" }}
{{- end }}
{{- if and $probe (not $get) }}
{{- printf "readinessProbe: %s, by httpGet only" $place | println }}
{{- else if or $get.host $get.httpHeaders (eq ($get.scheme | default "HTTP") "HTTPS") }}
{{- printf "readinessProbe.httpGet: %s, by path and port only" $place | println }}
{{- else if and $get (kindIs "string" $get.port) (not (has $get.port (list "http" "admin"))) }}
{{- printf "readinessProbe.httpGet.port: %s, at the port http or at a number" $place | println }}
{{- else if not (or $probe (index . 1).ack) }}
{{- println "agent.restart: child needs readinessProbe.httpGet, or agent.ack of files/service.json, by which the agent learns that the restarted service works" }}
{{- end }}
{{- end }}
