{{/*
All objects of a release. Those that the values switch off are empty documents, which Helm drops.
*/}}

{{- define "confpath.release" -}}
{{- range $object := list "serviceAccount" "configmap" "contract" "secret" "service" "serviceHeadless" "deployment" "hpa" "pdb" "ingress" "httpRoute" "networkPolicy" "verifyTest" }}
---
{{ include (printf "confpath.%s" $object) $ }}
{{- end }}
{{- end }}
