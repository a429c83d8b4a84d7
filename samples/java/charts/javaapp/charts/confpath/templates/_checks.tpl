{{/*
What the values schema cannot say. Each helper prints one line a problem and nothing where there is none; all are shown at once. The hook
`checks` is a list of such helpers.
No line holds a value of `config:`: whoever edits may have pasted a password into any key.
*/}}

{{- define "confpath.refuseProblems" -}}
{{- $checks := list }}
{{- range $check := list "serviceFile" "settings" "secrets" "required" "autoscaling" "ingress" "httpRoute" "otel" "pod" "agent" }}
{{- $checks = append $checks (printf "confpath.problems.%s" $check) }}
{{- end }}
{{- $problems := list }}
{{- range $check := concat $checks ((include "confpath.serviceFile" . | fromJson).hooks.checks | default list) }}
{{- $problems = concat $problems (include $check $ | splitList "\n" | compact) }}
{{- end }}
{{- if $problems }}
{{- fail (printf "these values cannot be deployed:\n  %s" (join "\n  " $problems)) }}
{{- end }}
{{- end }}

{{/*
Values of `config:` one by one. A whole number that is not within its limits is told so first, and then that it is not exact.
*/}}
{{- define "confpath.problems.settings" -}}
{{- range $key, $setting := include "confpath.settings" . | fromJson }}
{{- $reading := include "confpath.reading" (list $setting $.Values.config $key) | fromJson }}
{{- if hasKey $reading "text" }}
{{- $violations := include "confpath.violations" (list $setting $reading.text) | splitList "\n" | compact }}
{{- if and $reading.problem (not (and $violations (eq $setting.type "integer"))) }}
{{- $violations = list $reading.problem }}
{{- end }}
{{- range $violations }}
{{- printf "config.%s: %s" $key . | println }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/*
Two sources of one secret.
*/}}
{{- define "confpath.problems.secrets" -}}
{{- if .Values.existingSecret }}
{{- range $key := include "confpath.secretData" . | fromJson | keys | sortAlpha }}
{{- printf "config.%s: given together with existingSecret; give one of them" $key | println }}
{{- end }}
{{- end }}
{{- end }}

{{/*
What the contract requires, by itself or by another setting's value, and the values do not give. A Secret of someone else's, `extraEnv` and
`envFrom` may hold what is not seen here.
*/}}
{{- define "confpath.problems.required" -}}
{{- $settings := include "confpath.settings" . | fromJson }}
{{- $config := include "confpath.configData" . | fromJson }}
{{- $secrets := include "confpath.secretData" . | fromJson }}
{{- $effective := dict }}
{{- range $key, $setting := $settings }}
{{- $given := ternary $secrets $config $setting.secret }}
{{- if or (hasKey $given $key) (hasKey $setting "default") }}
{{- $_ := set $effective $key (ternary (get $given $key) $setting.default (hasKey $given $key)) }}
{{- end }}
{{- end }}
{{- $variables := dict }}
{{- range .Values.extraEnv }}
{{- $_ := set $variables .name true }}
{{- end }}
{{- range $key, $setting := $settings }}
{{- $advice := "" }}
{{- $isSeen := not (or $.Values.envFrom (hasKey $variables $key)) }}
{{- if $setting.secret }}
{{- $advice = printf ": name a Secret that holds it with existingSecret (recommended), or give config.%s (Helm then stores it)" $key }}
{{- $isSeen = and (not $.Values.existingSecret) (eq (include "confpath.secretRef" (list $ $key) | fromJson).name (include "confpath.secretName" $)) }}
{{- end }}
{{- if $isSeen }}
{{- $when := $setting.requiredWhen }}
{{- if and $setting.required (not (hasKey $effective $key)) }}
{{- printf "config.%s: is required and not given%s" $key $advice | println }}
{{- else if and $when (not (get $effective $key)) (hasKey $effective $when.key) }}
{{- if regexMatch $when.pattern (get $effective $when.key) }}
{{- printf "config.%s: is required, since %s%s" $key $when.because $advice | println }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
