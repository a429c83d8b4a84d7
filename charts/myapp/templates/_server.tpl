{{/*
Servers outside the release, a database given by `database:` and a cache given by `cache:`, as what they make of the settings: the
address, and where user and password come from. The settings' names are here and in the checks, and nowhere else in the templates.

All take a list: the root context, and `database` or `cache`.
*/}}

{{/*
What tells the two apart, as JSON.
*/}}
{{- define "myapp.serverKind" -}}
{{- $kinds := dict
  "database" (dict "url" "DATABASE_URL" "password" "DB_PASSWORD" "user" "DB_USER" "scheme" "^postgres(ql)?://" "port" 5432)
  "cache" (dict "url" "CACHE_URL" "password" "CACHE_PASSWORD" "user" "CACHE_USER" "scheme" "^rediss?://" "port" 6379) }}
{{- get $kinds (index . 1) | toJson }}
{{- end }}

{{/*
The URL among the settings that the values make; nothing where they name no host.
*/}}
{{- define "myapp.serverUrl" -}}
{{- $server := get (index . 0).Values (index . 1) }}
{{- if $server.host }}
{{- $host := ternary (printf "[%s]" $server.host) $server.host (contains ":" $server.host) }}
{{- $roots := ternary (printf "sslrootcert=/etc/myapp-%s/ca.crt" (index . 1)) "" (ne $server.caBundle.configMap "") }}
{{- if eq (index . 1) "database" }}
{{- $query := list (printf "sslmode=%s" $server.sslmode) $roots | compact | join "&" }}
{{- printf "postgres://%s@%s:%d/%s?%s" $server.user $host (int $server.port) $server.name $query }}
{{- else }}
{{- $scheme := ternary "redis" "rediss" (ne (include "myapp.isLoopback" $server.host) "") }}
{{- $user := ternary (printf "%s@" $server.user) "" (ne $server.user "") }}
{{- printf "%s://%s%s:%d/%d%s" $scheme $user $host (int $server.port) (int $server.database) (ternary (printf "?%s" $roots) "" (ne $roots "")) }}
{{- end }}
{{- end }}
{{- end }}

{{/*
The server that the values name, as JSON: host and port, or nothing where there is none. `host` wins, then the URL among the settings;
`allowedHost` stands for a URL that the chart does not see.
*/}}
{{- define "myapp.server" -}}
{{- $server := get (index . 0).Values (index . 1) }}
{{- $kind := include "myapp.serverKind" . | fromJson }}
{{- $url := get (include "confpath.given" (list (index . 0) false) | fromJson) $kind.url }}
{{- $found := dict }}
{{- if $server.host }}
{{- $found = dict "host" $server.host "port" (int $server.port) }}
{{- else if regexMatch $kind.scheme $url }}
{{- $authority := regexReplaceAll "^[a-z]+://(?:[^@/?]*@)?([^/?]*).*$" $url "${1}" }}
{{- $port := regexFind ":[0-9]+$" $authority | trimPrefix ":" | default $kind.port }}
{{- $found = dict "host" (regexReplaceAll ":[0-9]+$" $authority "" | trimAll "[]") "port" (int $port) }}
{{- else if $server.allowedHost }}
{{- $found = dict "host" $server.allowedHost "port" (int $server.port) }}
{{- end }}
{{- toJson $found }}
{{- end }}

{{/*
The one host beyond loopback that the process gives the credential to. It is in the pod template, which nobody changes by an edit of
the ConfigMap, and it is set even where no server is named: `localhost` then leaves none, and no envFrom can add one.
*/}}
{{- define "myapp.serverHost" -}}
{{- (include "myapp.server" . | fromJson).host | default "localhost" }}
{{- end }}

{{/*
Non-empty where there is no server, or it is in the pod itself: no packet leaves the pod.
*/}}
{{- define "myapp.serverIsLocal" -}}
{{- include "myapp.isLoopback" (include "myapp.serverHost" .) }}
{{- end }}

{{/*
Non-empty where the host is the pod itself. Takes the host.
*/}}
{{- define "myapp.isLoopback" -}}
{{- if has . (list "localhost" "127.0.0.1" "::1") }}true{{ end }}
{{- end }}

{{/*
Where the policy opens the server's port to, as JSON: peers, or nothing for anywhere.
*/}}
{{- define "myapp.serverPeers" -}}
{{- $given := get (index . 0).Values.networkPolicy (printf "%sTo" (index . 1)) }}
{{- $given | default (include "confpath.peersOf" (include "myapp.serverHost" .) | fromJsonArray) | toJson }}
{{- end }}

{{/*
The authorities are a volume of their own, which both deliveries have. Optional as the settings are: without them the process starts,
says so and goes on without the server.
*/}}
{{- define "myapp.serverAuthorities" -}}
name: {{ index . 1 }}-ca
configMap:
  name: {{ (get (index . 0).Values (index . 1)).caBundle.configMap | quote }}
  optional: true
  items:
    - key: {{ (get (index . 0).Values (index . 1)).caBundle.key | quote }}
      path: ca.crt
{{- end }}

{{/*
Where the secret of a server is kept if not in the release's own Secret, as JSON: the Secret's name, and the key it has there. Takes a
list: the root context and the setting.
*/}}
{{- define "myapp.secretRef" -}}
{{- $root := index . 0 }}
{{- $key := index . 1 }}
{{- range $name := list "database" "cache" }}
{{- $server := get $root.Values $name }}
{{- $kind := include "myapp.serverKind" (list $root $name) | fromJson }}
{{- if $server.existingSecret }}
{{- if eq $key $kind.password }}
{{- dict "name" $server.existingSecret "key" $server.existingSecretKey | toJson }}
{{- else if and $server.existingSecretUsernameKey (eq $key $kind.user) }}
{{- dict "name" $server.existingSecret "key" $server.existingSecretUsernameKey | toJson }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
