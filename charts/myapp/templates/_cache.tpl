{{/*
A cache server given by `cache:`, as what it makes of the settings: the address, and where user and password come from. As with the
database, only loopback is spoken to in clear text.
*/}}

{{- define "myapp.cacheUrl" -}}
{{- with .Values.cache }}
{{- $isLocal := include "myapp.isLoopback" .host }}
{{- $host := ternary (printf "[%s]" .host) .host (contains ":" .host) }}
{{- $user := ternary (printf "%s@" .user) "" (ne .user "") }}
{{- $query := ternary "?sslrootcert=/etc/myapp-cache/ca.crt" "" (ne .caBundle.configMap "") }}
{{- printf "%s://%s%s:%d/%d%s" (ternary "redis" "rediss" (ne $isLocal "")) $user $host (int .port) (int .database) $query }}
{{- end }}
{{- end }}

{{/*
The server that the values name, as JSON: host and port, or nothing where there is none. cache.host wins, then the URL among the
settings.
*/}}
{{- define "myapp.cacheServer" -}}
{{- $server := dict }}
{{- $url := get (include "myapp.given" (list . false) | fromJson) "CACHE_URL" }}
{{- with .Values.cache }}
{{- if .host }}
{{- $server = dict "host" .host "port" (int .port) }}
{{- else if regexMatch "^rediss?://" $url }}
{{- $authority := regexReplaceAll "^[a-z]+://(?:[^@/?]*@)?([^/?]*).*$" $url "${1}" }}
{{- $port := regexFind ":[0-9]+$" $authority | trimPrefix ":" | default "6379" }}
{{- $server = dict "host" (regexReplaceAll ":[0-9]+$" $authority "" | trimAll "[]") "port" (int $port) }}
{{- end }}
{{- end }}
{{- toJson $server }}
{{- end }}

{{/*
The one host beyond loopback that the process gives the credential to; `localhost` leaves none.
*/}}
{{- define "myapp.cacheHost" -}}
{{- (include "myapp.cacheServer" . | fromJson).host | default "localhost" }}
{{- end }}

{{/*
Where the policy opens the cache's port to, as JSON: peers, or nothing for anywhere.
*/}}
{{- define "myapp.cachePeers" -}}
{{- $derived := include "myapp.peersOf" (include "myapp.cacheHost" .) | fromJsonArray }}
{{- .Values.networkPolicy.cacheTo | default $derived | toJson }}
{{- end }}

{{- define "myapp.cacheVolume" -}}
name: cache-ca
configMap:
  name: {{ .Values.cache.caBundle.configMap | quote }}
  optional: true
  items:
    - key: {{ .Values.cache.caBundle.key | quote }}
      path: ca.crt
{{- end }}
