{{/*
A database server given by `database:`, as what it makes of the settings: the address, and where user and password come from. The three
keys of the contract that this is about are named here and in the checks, and nowhere else in the templates.
*/}}

{{- define "myapp.databaseUrl" -}}
{{- with .Values.database }}
{{- $host := ternary (printf "[%s]" .host) .host (contains ":" .host) }}
{{- $query := printf "sslmode=%s" .sslmode }}
{{- if .caBundle.configMap }}
{{- $query = printf "%s&sslrootcert=/etc/myapp-database/ca.crt" $query }}
{{- end }}
{{- printf "postgres://%s@%s:%d/%s?%s" .user $host (int .port) .name $query }}
{{- end }}
{{- end }}

{{/*
The server that the values name, as JSON: host and port, or nothing where there is none. database.host wins, then the URL among the
settings; database.allowedHost stands for a URL that the chart does not see.
*/}}
{{- define "myapp.databaseServer" -}}
{{- $server := dict }}
{{- $url := get (include "myapp.given" (list . false) | fromJson) "DATABASE_URL" }}
{{- with .Values.database }}
{{- if .host }}
{{- $server = dict "host" .host "port" (int .port) }}
{{- else if regexMatch "^postgres(ql)?://" $url }}
{{- $authority := regexReplaceAll "^[a-z]+://(?:[^@/?]*@)?([^/?]*).*$" $url "${1}" }}
{{- $port := regexFind ":[0-9]+$" $authority | trimPrefix ":" | default "5432" }}
{{- $server = dict "host" (regexReplaceAll ":[0-9]+$" $authority "" | trimAll "[]") "port" (int $port) }}
{{- else if .allowedHost }}
{{- $server = dict "host" .allowedHost "port" (int .port) }}
{{- end }}
{{- end }}
{{- toJson $server }}
{{- end }}

{{/*
The one host beyond loopback that the process gives the password to. It is in the pod template, which nobody changes by an edit of
the ConfigMap, and it is set even where no server is named: `localhost` then leaves none, and no envFrom can add one.
*/}}
{{- define "myapp.databaseHost" -}}
{{- (include "myapp.databaseServer" . | fromJson).host | default "localhost" }}
{{- end }}

{{/*
Non-empty where there is no server, or it is in the pod itself: no packet leaves the pod.
*/}}
{{- define "myapp.databaseIsLocal" -}}
{{- include "myapp.isLoopback" (include "myapp.databaseHost" .) }}
{{- end }}

{{/*
Non-empty where the host is the pod itself.
*/}}
{{- define "myapp.isLoopback" -}}
{{- if has . (list "localhost" "127.0.0.1" "::1") }}true{{ end }}
{{- end }}

{{/*
NetworkPolicy peers for a host, as JSON: the address alone where it is one, nothing for a name, which no policy can hold.
*/}}
{{- define "myapp.peersOf" -}}
{{- $peers := list }}
{{- if regexMatch "^([0-9]{1,3}\\.){3}[0-9]{1,3}$" . }}
{{- $peers = list (dict "ipBlock" (dict "cidr" (printf "%s/32" .))) }}
{{- else if contains ":" . }}
{{- $peers = list (dict "ipBlock" (dict "cidr" (printf "%s/128" .))) }}
{{- end }}
{{- toJson $peers }}
{{- end }}

{{/*
Where the policy opens the server's port to, as JSON: peers, or nothing for anywhere.
*/}}
{{- define "myapp.databasePeers" -}}
{{- $derived := include "myapp.peersOf" (include "myapp.databaseHost" .) | fromJsonArray }}
{{- .Values.networkPolicy.databaseTo | default $derived | toJson }}
{{- end }}

{{/*
Where a secret setting is kept, as JSON: the Secret's name, and the key it has there. Takes a list: the root context and the setting.
*/}}
{{- define "myapp.secretRef" -}}
{{- $root := index . 0 }}
{{- $key := index . 1 }}
{{- $ref := dict "name" (include "myapp.secretName" $root) "key" $key }}
{{- range $prefix, $server := dict "DB" $root.Values.database "CACHE" $root.Values.cache }}
{{- if $server.existingSecret }}
{{- if eq $key (printf "%s_PASSWORD" $prefix) }}
{{- $ref = dict "name" $server.existingSecret "key" $server.existingSecretKey }}
{{- else if and $server.existingSecretUsernameKey (eq $key (printf "%s_USER" $prefix)) }}
{{- $ref = dict "name" $server.existingSecret "key" $server.existingSecretUsernameKey }}
{{- end }}
{{- end }}
{{- end }}
{{- toJson $ref }}
{{- end }}

{{/*
The authorities are a volume of their own, which both deliveries have. Optional as the settings are: without them the process
starts, says so and is not ready.
*/}}
{{- define "myapp.databaseVolume" -}}
name: database-ca
configMap:
  name: {{ .Values.database.caBundle.configMap | quote }}
  optional: true
  items:
    - key: {{ .Values.database.caBundle.key | quote }}
      path: ca.crt
{{- end }}
