{{/*
What the values schema cannot say. Each helper prints one line a problem and nothing where there is none; all are shown at once.
No line holds a value of `config:`: whoever edits may have pasted a password into any key.
*/}}

{{- define "myapp.refuseProblems" -}}
{{- $problems := list }}
{{- range $check := list "settings" "servers" "secrets" "exposure" "drain" "autoscaling" "ingress" "httpRoute" "otel" "pod" }}
{{- $problems = concat $problems (include (printf "myapp.problems.%s" $check) $ | splitList "\n" | compact) }}
{{- end }}
{{- if $problems }}
{{- fail (printf "these values cannot be deployed:\n  %s" (join "\n  " $problems)) }}
{{- end }}
{{- end }}

{{/*
Values of `config:` one by one.
*/}}
{{- define "myapp.problems.settings" -}}
{{- range $key, $setting := include "myapp.settings" . | fromJson }}
{{- if hasKey $.Values.config $key }}
{{- $value := get $.Values.config $key }}
{{- if and (kindIs "float64" $value) (or (ne $setting.type "integer") (ne (floor $value) $value)) }}
{{- printf "config.%s: YAML read it as a number; quote it (on the command line: --set-string)" $key | println }}
{{- else if not (kindIs "invalid" $value) }}
{{- $text := include "myapp.text" $value }}
{{- /* Bytes that are no UTF-8 do not survive JSON, so Helm would store something else than was given. */}}
{{- if ne $text (dict "text" $text | toJson | fromJson).text }}
{{- printf "config.%s: is not UTF-8 text" $key | println }}
{{- else if regexMatch "[\\x00-\\x1f\\x7f-\\x{9f}\\x{2028}\\x{2029}\\x{feff}\\x{fffe}\\x{ffff}]" $text }}
{{- printf "config.%s: contains a control character such as a newline or NUL" $key | println }}
{{- else if and $setting.pattern (not (regexMatch $setting.pattern $text)) }}
{{- printf "config.%s: expected %s (the value is not shown, it may hold a secret)" $key $setting.expected | println }}
{{- else if $setting.refused }}
{{- if regexMatch $setting.refused.pattern $text }}
{{- printf "config.%s: %s" $key $setting.refused.because | println }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/*
The servers given by `database:` and `cache:`, and nothing beside them that says something else. Their parts are not shown: whoever
pastes a URL into one of them may paste a password.
*/}}
{{- define "myapp.problems.servers" -}}
{{- $hidden := "(the value is not shown, it may hold a secret)" }}
{{- $settings := include "myapp.given" (list . false) | fromJson }}
{{- $secrets := include "myapp.secretData" . | fromJson }}
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
Where secrets come from: exactly one of existingSecret and `config:`, with all that the contract requires.
*/}}
{{- define "myapp.problems.secrets" -}}
{{- $given := include "myapp.secretData" . | fromJson }}
{{- if .Values.existingSecret }}
{{- range $key := keys $given | sortAlpha }}
{{- printf "config.%s: given together with existingSecret; give one of them" $key | println }}
{{- end }}
{{- else }}
{{- $config := include "myapp.configData" . | fromJson }}
{{- range $key, $setting := include "myapp.settings" . | fromJson }}
{{- $isHere := eq (include "myapp.secretRef" (list $ $key) | fromJson).name (include "myapp.secretName" $) }}
{{- if and $setting.secret $isHere (not (hasKey $given $key)) }}
{{- $ways := printf "name a Secret that holds it with existingSecret (recommended), or give config.%s (Helm then stores it)" $key }}
{{- if $setting.required }}
{{- printf "config.%s: required: %s" $key $ways | println }}
{{- else if $setting.requiredWhen }}
{{- $when := $setting.requiredWhen }}
{{- if regexMatch $when.pattern (get $config $when.key) }}
{{- printf "config.%s: required, because %s: %s" $key $when.because $ways | println }}
{{- end }}
{{- end }}
{{- end }}
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

{{- define "myapp.problems.autoscaling" -}}
{{- with .Values.autoscaling }}
{{- if .enabled }}
{{- if gt (int .minReplicas) (int .maxReplicas) }}
{{- printf "autoscaling.minReplicas: %d is more than autoscaling.maxReplicas %d" (int .minReplicas) (int .maxReplicas) | println }}
{{- end }}
{{- $targets := dict "CPU" .targetCPUUtilizationPercentage "Memory" .targetMemoryUtilizationPercentage }}
{{- if not (or $targets.CPU $targets.Memory .metrics) }}
{{- println "autoscaling.enabled: needs autoscaling.targetCPUUtilizationPercentage, autoscaling.targetMemoryUtilizationPercentage or autoscaling.metrics" }}
{{- end }}
{{- range $resource, $target := $targets }}
{{- if $target }}
{{- include "myapp.problems.request" (list $ "autoscaling" (lower $resource)) }}
{{- end }}
{{- end }}
{{- range $index, $metric := .metrics }}
{{- $place := printf "autoscaling.metrics[%d]" $index }}
{{- $field := printf "%s%s" (lower (substr 0 1 $metric.type)) (substr 1 -1 $metric.type) }}
{{- $source := get $metric $field }}
{{- if not $source }}
{{- printf "%s: type %s needs the field %s" $place $metric.type $field | println }}
{{- else if has $metric.type (list "Resource" "ContainerResource") }}
{{- if dig "target" "averageUtilization" "" $source }}
{{- include "myapp.problems.request" (list $ $place $source.name) }}
{{- end }}
{{- if and (eq $metric.type "Resource") (get $targets (ternary "CPU" "Memory" (eq $source.name "cpu"))) (has $source.name (list "cpu" "memory")) }}
{{- $name := ternary "CPU" "Memory" (eq $source.name "cpu") }}
{{- printf "%s: measures %s, as does autoscaling.target%sUtilizationPercentage (%d); set that to null, or take the metric out" $place $source.name $name (int (get $targets $name)) | println }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- if include "myapp.ownsReplicas" . }}
{{- $live := include "myapp.liveDeployment" . | fromJson }}
{{- if include "myapp.renderedReplicas" $live }}
{{- $running := int $live.spec.replicas }}
{{- if lt (int .Values.replicaCount) $running }}
{{- printf "replicaCount: %d is fewer than the %d pods that the autoscaler has left; switch it off with at least %d, and lower replicaCount afterwards" (int .Values.replicaCount) $running $running | println }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/*
A utilisation is a share of a request. Kubernetes takes a missing request from the limit. Takes a list: the root context, the place of
the metric, and the resource.
*/}}
{{- define "myapp.problems.request" -}}
{{- $resources := (index . 0).Values.resources }}
{{- if not (hasKey (merge (dict) ($resources.requests | default dict) ($resources.limits | default dict)) (index . 2)) }}
{{- printf "%s: a %s target is a share of resources.requests.%s, which is not set" (index . 1) (index . 2) (index . 2) | println }}
{{- end }}
{{- end }}

{{- define "myapp.problems.ingress" -}}
{{- if .Values.ingress.enabled }}
{{- if not .Values.ingress.hosts }}
{{- println "ingress.hosts: an Ingress needs at least one host" }}
{{- end }}
{{- $seen := dict }}
{{- range $host := .Values.ingress.hosts }}
{{- range .paths }}
{{- /* To Prefix, /v1 and /v1/ are the same. */}}
{{- $path := ternary (trimSuffix "/" .path | default "/") .path (eq .pathType "Prefix") }}
{{- $key := printf "%s %s %s" $host.host $path .pathType }}
{{- if hasKey $seen $key }}
{{- printf "ingress.hosts: %s has the path %s (%s) more than once" ($host.host | default "any host") .path .pathType | println }}
{{- end }}
{{- $_ := set $seen $key true }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "myapp.problems.httpRoute" -}}
{{- if .Values.httpRoute.enabled }}
{{- if not .Values.httpRoute.parentRefs }}
{{- println "httpRoute.parentRefs: a route that names no Gateway carries no traffic" }}
{{- end }}
{{- $seen := dict }}
{{- range $index, $rule := .Values.httpRoute.rules }}
{{- $place := printf "httpRoute.rules[%d]" $index }}
{{- range .matches }}
{{- $key := toJson . }}
{{- with get $seen $key }}
{{- printf "%s.matches: %s has the same match, so this one gets no traffic" $place . | println }}
{{- end }}
{{- $_ := set $seen $key $place }}
{{- end }}
{{- $types := list }}
{{- range $number, $filter := .filters }}
{{- $field := ternary "cors" (printf "%s%s" (lower (substr 0 1 .type)) (substr 1 -1 .type)) (eq .type "CORS") }}
{{- $field = ternary "urlRewrite" $field (eq .type "URLRewrite") }}
{{- if not (hasKey . $field) }}
{{- printf "%s.filters[%d]: type %s needs the field %s" $place $number .type $field | println }}
{{- end }}
{{- if and (has .type $types) (not (has .type (list "ExtensionRef" "RequestMirror"))) }}
{{- printf "%s.filters[%d]: type %s is there more than once" $place $number .type | println }}
{{- end }}
{{- $types = append $types .type }}
{{- end }}
{{- if and (has "RequestRedirect" $types) (has "URLRewrite" $types) }}
{{- printf "%s.filters: RequestRedirect and URLRewrite exclude each other" $place | println }}
{{- end }}
{{- with .timeouts }}
{{- $request := include "myapp.milliseconds" (.request | default "0s") | int64 }}
{{- $backend := include "myapp.milliseconds" (.backendRequest | default "0s") | int64 }}
{{- if and (gt $request 0) (gt $backend $request) }}
{{- printf "%s.timeouts: backendRequest %s is longer than request %s" $place .backendRequest .request | println }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/*
The milliseconds of a duration of the Gateway API, such as 1m30s.
*/}}
{{- define "myapp.milliseconds" -}}
{{- $sum := 0 }}
{{- $factors := dict "h" 3600000 "m" 60000 "s" 1000 "ms" 1 }}
{{- range regexFindAll "[0-9]+(ms|h|m|s)" . -1 }}
{{- $number := regexFind "[0-9]+" . }}
{{- $sum = add $sum (mul (int64 $number) (get $factors (trimPrefix $number .))) }}
{{- end }}
{{- $sum }}
{{- end }}

{{- define "myapp.problems.otel" -}}
{{- with .Values.otel }}
{{- $isEndpoint := regexMatch "^http://([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\\[[0-9A-Fa-f:.]+\\])(:[1-9][0-9]{0,4})?(/[A-Za-z0-9._~/-]*)?$" .endpoint }}
{{- if and .endpoint (not $isEndpoint) }}
{{- println "otel.endpoint: expected http://HOST:PORT of a collector; TLS is the collector's own affair (the value is not shown, it may hold a secret)" }}
{{- end }}
{{- if and (ne (float64 .ratio) 1.0) (not (hasSuffix "traceidratio" .sampler)) }}
{{- printf "otel.ratio: has no effect with otel.sampler %s" .sampler | println }}
{{- end }}
{{- end }}
{{- end }}

{{/*
What would silently replace a part of the pod that the chart itself sets.
*/}}
{{- define "myapp.problems.pod" -}}
{{- range $label := include "myapp.selectorLabels" . | fromYaml | keys | sortAlpha }}
{{- if hasKey ($.Values.podLabels | default dict) $label }}
{{- printf "podLabels: %s belongs to the selector; use nameOverride" $label | println }}
{{- end }}
{{- end }}
{{- with (.Values.strategy | default dict).rollingUpdate }}
{{- if and (has (toString .maxSurge) (list "0" "0%")) (has (toString .maxUnavailable) (list "0" "0%")) }}
{{- println "strategy.rollingUpdate: maxSurge and maxUnavailable are both 0, so no pod could be replaced" }}
{{- end }}
{{- end }}
{{- $own := list }}
{{- range include "myapp.env" . | fromYamlArray }}
{{- $own = append $own .name }}
{{- end }}
{{- range .Values.extraEnv }}
{{- if has .name $own }}
{{- printf "extraEnv: the chart sets %s itself" .name | println }}
{{- end }}
{{- end }}
{{- range .Values.volumes }}
{{- if has .name (list "config" "data" "database-ca" "cache-ca") }}
{{- printf "volumes: the chart has a volume %q of its own" .name | println }}
{{- end }}
{{- end }}
{{- end }}
