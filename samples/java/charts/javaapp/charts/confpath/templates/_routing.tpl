{{/*
What is said of ways in from outside: they cannot be refused, since a controller may know more than the chart.
*/}}

{{/*
One hint a line.
*/}}
{{- define "confpath.routingHints" -}}
{{- if .Values.ingress.enabled }}
{{- $annotations := .Values.ingress.annotations | default dict }}
{{- if not (or .Values.ingress.className (hasKey $annotations "kubernetes.io/ingress.class")) }}
{{- println "the Ingress names no class, so it is served only where the cluster has a default one (kubectl get ingressclass), or a controller takes it all the same, as Traefik does; else set ingress.className." }}
{{- end }}
{{- range .Values.ingress.tls }}
{{- $hosts := join ", " .hosts | default "all hosts" }}
{{- if .secretName }}
{{- printf "TLS for %s needs the Secret %s (kubectl --namespace %s get secret %s); without it the controller shows a certificate of its own, or none." $hosts .secretName $.Release.Namespace .secretName | println }}
{{- else }}
{{- printf "TLS for %s names no Secret (ingress.tls), so the controller must have a certificate of its own for it." $hosts | println }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/*
Non-empty where the Ingress has TLS for a host. Takes a list: the root context, and the host.
*/}}
{{- define "confpath.hasTls" -}}
{{- $host := index . 1 }}
{{- $wildcard := printf "*%s" (regexFind "[.].*" $host) }}
{{- range (index . 0).Values.ingress.tls }}
{{- if or (not .hosts) (has $host .hosts) (has $wildcard .hosts) }}true{{ end }}
{{- end }}
{{- end }}
