{{/*
Paths of ways in from outside that lead to no route of the service. It answers at / and below the path of API_BASE_URL.
*/}}

{{/*
The hint on such paths; nothing where all lead somewhere.
*/}}
{{- define "myapp.lostPaths" -}}
{{- $lost := list }}
{{- if .Values.ingress.enabled }}
{{- if not (regexMatch "rewrite|strip|middlewares" (keys (.Values.ingress.annotations | default dict) | join " ")) }}
{{- range .Values.ingress.hosts }}
{{- range .paths }}
{{- if and (ne .pathType "ImplementationSpecific") (not (include "myapp.leadsSomewhere" (list $ .path (eq .pathType "Exact")))) }}
{{- $lost = append $lost .path }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- if .Values.httpRoute.enabled }}
{{- range .Values.httpRoute.rules }}
{{- $types := list }}
{{- range .filters }}
{{- $types = append $types .type }}
{{- end }}
{{- if not (or (has "URLRewrite" $types) (has "RequestRedirect" $types) (has "ExtensionRef" $types)) }}
{{- range .matches }}
{{- $path := .path | default dict }}
{{- $type := $path.type | default "PathPrefix" }}
{{- $value := $path.value | default "/" }}
{{- if and (has $type (list "Exact" "PathPrefix")) (not (include "myapp.leadsSomewhere" (list $ $value (eq $type "Exact")))) }}
{{- $lost = append $lost $value }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- with $lost | uniq }}
{{- printf "%s leads to no route: the service answers at / and below the path of config.API_BASE_URL, which is %s. Set that to the path, or have it rewritten on the way." (join ", " .) (include "myapp.basePath" $ | default "/") | println }}
{{- end }}
{{- end }}

{{/*
The path of API_BASE_URL without the slash at its end.
*/}}
{{- define "myapp.basePath" -}}
{{- regexReplaceAll "^https?://[^/]*" (.Values.config.API_BASE_URL | default "/") "" | trimSuffix "/" }}
{{- end }}

{{/*
Non-empty where a path that nobody rewrites leads to a route, or to the path below which they are. Takes a list: the root context, the
path, and whether nothing below it is meant.
*/}}
{{- define "myapp.leadsSomewhere" -}}
{{- $root := index . 0 }}
{{- $path := index . 1 | trimSuffix "/" }}
{{- $base := include "myapp.basePath" $root }}
{{- $isAbove := and (not (index . 2)) (hasPrefix (printf "%s/" $path) $base) }}
{{- /* The contract refuses an API_BASE_URL that begins with a route, and so knows them. */}}
{{- $routes := (include "confpath.settings" $root | fromJson).API_BASE_URL.refused.pattern }}
{{- $isRoute := regexMatch $routes (ternary (trimPrefix $base $path) $path (hasPrefix (printf "%s/" $base) $path)) }}
{{- if or (has $path (list "" $base)) $isAbove $isRoute }}true{{ end }}
{{- end }}
