{{/*
`files/service.json` of the chart that calls: what the templates need to know of its service, and its hooks, the names of named
templates with which it adds to them. Both are described in the README.

The name of a chart leads to neither: in an umbrella chart `.Chart.Name` is the alias.
*/}}

{{/*
The file over its defaults, as JSON.
*/}}
{{- define "confpath.serviceFile" -}}
{{- $defaults := dict "port" 8080 "adminPort" 0 "mountPath" "/etc/confpath" "directoryVariable" "" "reservedVolumes" list "verify" dict "agent" dict "hooks" dict }}
{{- if include "confpath.hasAgent" . }}
{{- $_ := set $defaults "adminPort" 9090 }}
{{- end }}
{{- merge (dict) (.Files.Get "files/service.json" | default "{}" | fromJson) $defaults | toJson }}
{{- end }}

{{/*
The hooks that may be given.
*/}}
{{- define "confpath.hookNames" -}}
{{- list "checks" "configData" "egress" "env" "podAnnotations" "secretRef" "volumeMounts" "volumes" | toJson }}
{{- end }}

{{/*
The text that a hook's template gives; nothing where the chart has no such hook. Takes a list: the root context, the hook, and what
the template takes, the root context where that is left out.
*/}}
{{- define "confpath.hook" -}}
{{- $root := index . 0 }}
{{- with get (include "confpath.serviceFile" $root | fromJson).hooks (index . 1) }}
{{- include . (ternary $root (last $) (eq (len $) 2)) }}
{{- end }}
{{- end }}

{{/*
Non-empty where the service has an admin port.
*/}}
{{- define "confpath.hasAdminPort" -}}
{{- if (include "confpath.serviceFile" . | fromJson).adminPort }}true{{ end }}
{{- end }}

{{/*
Fields and hooks that the templates do not know: they would have no effect.
*/}}
{{- define "confpath.problems.serviceFile" -}}
{{- $service := .Files.Get "files/service.json" | default "{}" | fromJson }}
{{- with $service.Error }}
{{- printf "files/service.json: is no JSON object: %s" . | println }}
{{- else }}
{{- range $field := keys (omit $service "port" "adminPort" "mountPath" "directoryVariable" "reservedVolumes" "verify" "agent" "hooks") | sortAlpha }}
{{- printf "files/service.json: there is no field %s" $field | println }}
{{- end }}
{{- range $field := keys (omit ($service.agent | default dict) "command" "notify" "ack" "prepare") | sortAlpha }}
{{- printf "files/service.json: there is no field agent.%s" $field | println }}
{{- end }}
{{- if and $service.verify (not $service.adminPort) }}
{{- println "files/service.json: verify needs adminPort, by which the pods answer" }}
{{- end }}
{{- range $hook := keys ($service.hooks | default dict) | sortAlpha }}
{{- if not (has $hook (include "confpath.hookNames" $ | fromJsonArray)) }}
{{- printf "files/service.json: there is no hook %s" $hook | println }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
