{{/*
What the values schema cannot say of objects and pod: one line a problem.
*/}}

{{- define "confpath.problems.autoscaling" -}}
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
{{- include "confpath.problems.request" (list $ "autoscaling" (lower $resource)) }}
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
{{- include "confpath.problems.request" (list $ $place $source.name) }}
{{- end }}
{{- if and (eq $metric.type "Resource") (get $targets (ternary "CPU" "Memory" (eq $source.name "cpu"))) (has $source.name (list "cpu" "memory")) }}
{{- $name := ternary "CPU" "Memory" (eq $source.name "cpu") }}
{{- printf "%s: measures %s, as does autoscaling.target%sUtilizationPercentage (%d); set that to null, or take the metric out" $place $source.name $name (int (get $targets $name)) | println }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- if include "confpath.ownsReplicas" . }}
{{- $live := include "confpath.liveDeployment" . | fromJson }}
{{- if include "confpath.renderedReplicas" $live }}
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
{{- define "confpath.problems.request" -}}
{{- $resources := (index . 0).Values.resources }}
{{- if not (hasKey (merge (dict) ($resources.requests | default dict) ($resources.limits | default dict)) (index . 2)) }}
{{- printf "%s: a %s target is a share of resources.requests.%s, which is not set" (index . 1) (index . 2) (index . 2) | println }}
{{- end }}
{{- end }}

{{- define "confpath.problems.ingress" -}}
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

{{- define "confpath.problems.httpRoute" -}}
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
{{- $request := include "confpath.milliseconds" (.request | default "0s") | int64 }}
{{- $backend := include "confpath.milliseconds" (.backendRequest | default "0s") | int64 }}
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
{{- define "confpath.milliseconds" -}}
{{- $sum := 0 }}
{{- $factors := dict "h" 3600000 "m" 60000 "s" 1000 "ms" 1 }}
{{- range regexFindAll "[0-9]+(ms|h|m|s)" . -1 }}
{{- $number := regexFind "[0-9]+" . }}
{{- $sum = add $sum (mul (int64 $number) (get $factors (trimPrefix $number .))) }}
{{- end }}
{{- $sum }}
{{- end }}

{{- define "confpath.problems.otel" -}}
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
{{- define "confpath.problems.pod" -}}
{{- range $label := include "confpath.selectorLabels" . | fromYaml | keys | sortAlpha }}
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
{{- range include "confpath.env" . | fromYamlArray }}
{{- $own = append $own .name }}
{{- end }}
{{- range .Values.extraEnv }}
{{- if has .name $own }}
{{- printf "extraEnv: the chart sets %s itself" .name | println }}
{{- end }}
{{- end }}
{{- $volumes := append (include "confpath.serviceFile" . | fromJson).reservedVolumes "config" }}
{{- if include "confpath.hasAgent" . }}
{{- $volumes = concat $volumes (list "agent" "contract" "generations") }}
{{- end }}
{{- range .Values.volumes }}
{{- if has .name $volumes }}
{{- printf "volumes: the chart has a volume %q of its own" .name | println }}
{{- end }}
{{- end }}
{{- end }}
