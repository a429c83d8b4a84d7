{{/*
What the values schema cannot say of this service's own values: one line a problem. Their parts are not shown, as no value of `config:`
is.
*/}}

{{/*
The servers given by `database:` and `cache:`, and nothing beside them that says something else. Their parts are not shown: whoever
pastes a URL into one of them may paste a password.
*/}}
{{- define "myapp.problems.servers" -}}
{{- $hidden := "(the value is not shown, it may hold a secret)" }}
{{- $settings := include "confpath.given" (list . false) | fromJson }}
{{- $secrets := include "confpath.secretData" . | fromJson }}
{{- range $name := list "database" "cache" }}
{{- $server := get $.Values $name }}
{{- $kind := include "myapp.serverKind" (list $ $name) | fromJson }}
{{- range $part := list "host" "allowedHost" }}
{{- $host := get $server $part }}
{{- if and $host (not (regexMatch "^([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*)$" $host)) }}
{{- printf "%s.%s: expected a name such as %s.example.com, or an address, and nothing else %s" $name $part $name $hidden | println }}
{{- end }}
{{- end }}
{{- if and $server.host (hasKey $settings $kind.url) }}
{{- printf "config.%s: given together with %s.host; give one of them" $kind.url $name | println }}
{{- end }}
{{- if $server.host }}
{{- $parts := ternary (list "name" "user") (compact (list (ternary "user" "" (ne $server.user "")))) (eq $name "database") }}
{{- range $part := $parts }}
{{- if not (regexMatch "^[A-Za-z0-9_][A-Za-z0-9_.-]*$" (get $server $part)) }}
{{- printf "%s.%s: expected letters, digits, _, . and -, beginning with none of the last two %s" $name $part $hidden | println }}
{{- end }}
{{- end }}
{{- else if not (include "myapp.server" (list $ $name) | fromJson) }}
{{- $given := dict "auth" (ne $server.auth "password") "existingSecret" $server.existingSecret "caBundle.configMap" $server.caBundle.configMap }}
{{- range $part, $isGiven := $given }}
{{- if $isGiven }}
{{- printf "%s.%s: given without %s.host, so that the pods would use no %s" $name $part $name (ternary "server" "cache" (eq $name "database")) | println }}
{{- end }}
{{- end }}
{{- end }}
{{- if and $server.existingSecret (hasKey $secrets $kind.password) }}
{{- printf "config.%s: given together with %s.existingSecret; give one of them" $kind.password $name | println }}
{{- end }}
{{- if $server.existingSecretUsernameKey }}
{{- if not $server.existingSecret }}
{{- printf "%s.existingSecretUsernameKey: given without %s.existingSecret, the Secret that holds user and password" $name $name | println }}
{{- else if hasKey $secrets $kind.user }}
{{- printf "config.%s: given together with %s.existingSecretUsernameKey; give one of them" $kind.user $name | println }}
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.database }}
{{- if and .allowedHost (or .host (hasKey $settings "DATABASE_URL")) }}
{{- println "database.allowedHost: given together with database.host or config.DATABASE_URL, which name the host themselves; leave it out" }}
{{- end }}
{{- end }}
{{- with .Values.cache }}
{{- if and (eq .auth "iam") (not .name) }}
{{- println "cache.name: needed with cache.auth=iam, the replication group of ElastiCache that takes the tokens" }}
{{- end }}
{{- if and (ne .auth "iam") .name }}
{{- println "cache.name: of use with cache.auth=iam only; leave it out" }}
{{- end }}
{{- if and (eq .auth "iam") .host (not .user) }}
{{- println "cache.user: needed with cache.auth=iam, which makes a token for one user" }}
{{- end }}
{{- end }}
{{- end }}

{{/*
Unmasked secrets on the public port are for one laptop; nothing that leads to that port from outside goes with them.
*/}}
{{- define "myapp.problems.exposure" -}}
{{- if .Values.exposeSecrets }}
{{- $advice := "would publish the secrets; switch one of them off" }}
{{- if .Values.ingress.enabled }}{{ printf "exposeSecrets together with ingress.enabled %s" $advice | println }}{{ end }}
{{- if .Values.httpRoute.enabled }}{{ printf "exposeSecrets together with httpRoute.enabled %s" $advice | println }}{{ end }}
{{- if ne .Values.service.type "ClusterIP" }}{{ printf "exposeSecrets together with service.type %s %s" .Values.service.type $advice | println }}{{ end }}
{{- end }}
{{- end }}

{{- define "myapp.problems.drain" -}}
{{- $slack := 7 }}
{{- $accept := int .Values.drain.acceptMaxSeconds }}
{{- $requests := int .Values.drain.requestsMaxSeconds }}
{{- $grace := int .Values.terminationGracePeriodSeconds }}
{{- $needed := add $accept $requests $slack }}
{{- if gt $needed (int64 $grace) }}
{{- printf "terminationGracePeriodSeconds: %d is too short; drain.acceptMaxSeconds %d + drain.requestsMaxSeconds %d + %d to close down = %d" $grace $accept $requests $slack $needed | println }}
{{- end }}
{{- range $part := list "minSeconds" "quietSeconds" }}
{{- $seconds := int (get $.Values.drain $part) }}
{{- if gt $seconds $accept }}
{{- printf "drain.%s: %d is more than drain.acceptMaxSeconds %d" $part $seconds $accept | println }}
{{- end }}
{{- end }}
{{- end }}
