{{/*
A database server given by `database:`, as what it makes of the settings: the address, and where the password comes from. The two
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
Non-empty where the server is in the pod itself.
*/}}
{{- define "myapp.databaseIsLocal" -}}
{{- if has .Values.database.host (list "localhost" "127.0.0.1" "::1") }}true{{ end }}
{{- end }}

{{/*
Where a secret setting is kept, as JSON: the Secret's name, and the key it has there. Takes a list: the root context and the setting.
*/}}
{{- define "myapp.secretRef" -}}
{{- $root := index . 0 }}
{{- $key := index . 1 }}
{{- $ref := dict "name" (include "myapp.secretName" $root) "key" $key }}
{{- with $root.Values.database }}
{{- if and .existingSecret (eq $key "DB_PASSWORD") }}
{{- $ref = dict "name" .existingSecret "key" .existingSecretKey }}
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
