{{/*
Settings as the values give them. Their keys and rules come from `files/contract.json` of the chart that calls, which is generated from
the service's contract; none is named here.
*/}}

{{/*
The contract's settings by key, as JSON.
*/}}
{{- define "confpath.settings" -}}
{{- $file := .Files.Get "files/contract.json" | default "{}" | fromJson }}
{{- if not (hasKey $file "keys") }}
{{- fail "files/contract.json is missing or broken: `confpath generate` writes it" }}
{{- end }}
{{- toJson $file.keys }}
{{- end }}

{{/*
The keys that the Secret (true) or the ConfigMap (false) may hold, given or not: the pod's shape does not depend on values. Takes a
list: the root context, and which of the two is wanted.
*/}}
{{- define "confpath.keys" -}}
{{- $keys := ternary (list) (list "CONFIG_SEAL") (index . 1) }}
{{- range $key, $setting := include "confpath.settings" (index . 0) | fromJson }}
{{- if eq $setting.secret (index $ 1) }}
{{- $keys = append $keys $key }}
{{- end }}
{{- end }}
{{- sortAlpha $keys | toJson }}
{{- end }}

{{/*
One scalar as JSON: its text and, where it is of another type, what it is (`is`). Takes a list: the type, or nothing for any, and the
value.

A values file makes every number a float of 64 bits, of which `toJson` prints the shortest decimals, without an exponent from 1e-6 to
1e21. Below 1e-4 and from 2^53 on readers of YAML differ in digits or notation. `--set` makes integers, and texts of fractions.
*/}}
{{- define "confpath.scalar" -}}
{{- $type := index . 0 }}
{{- $value := index . 1 }}
{{- $isNumeric := has $type (list "integer" "number" "") }}
{{- $scalar := dict }}
{{- if kindIs "float64" $value }}
{{- $isLarge := or (ge $value 9007199254740992.0) (le $value -9007199254740992.0) }}
{{- $text := ternary (printf "%.0f" $value) (toJson $value) $isLarge }}
{{- $isSmall := and (ne $value 0.0) (lt $value 0.0001) (gt $value -0.0001) }}
{{- $_ := set $scalar "text" $text }}
{{- if not $isNumeric }}
{{- $_ := set $scalar "is" "a number" }}
{{- else if or $isSmall $isLarge (eq $text "-0") }}
{{- $_ := set $scalar "is" "read in different ways by readers of YAML" }}
{{- end }}
{{- else if kindIs "bool" $value }}
{{- $_ := set $scalar "text" (toString $value) }}
{{- if not (has $type (list "boolean" "")) }}
{{- $_ := set $scalar "is" "a boolean" }}
{{- end }}
{{- else if kindIs "invalid" $value }}
{{- $_ := set $scalar "is" "null" }}
{{- else }}
{{- $_ := set $scalar "text" (toString $value) }}
{{- end }}
{{- toJson $scalar }}
{{- end }}

{{/*
One value as JSON: the text that the process gets, and the reason why it is none of its type (`problem`); nothing where no value is
given. null is not given, and neither is "" for a secret: values.yaml holds "" to show that the key exists. A list becomes a JSON array
of texts. Takes a list: the setting, the values of `config:`, and the key.
*/}}
{{- define "confpath.reading" -}}
{{- $setting := index . 0 }}
{{- $isGiven := hasKey (index . 1) (index . 2) }}
{{- $value := get (index . 1) (index . 2) }}
{{- $isAbsent := or (not $isGiven) (kindIs "invalid" $value) (and $setting.secret (eq (toString $value) "")) }}
{{- if and (kindIs "slice" $value) (eq $setting.type "list") }}
{{- include "confpath.listReading" (list $setting.items $value) }}
{{- else if or (kindIs "slice" $value) (kindIs "map" $value) }}
{{- $is := ternary "a list" "a mapping" (kindIs "slice" $value) }}
{{- dict "text" "" "problem" (printf "is %s, and must be %s" $is $setting.expected) | toJson }}
{{- else if $isAbsent }}
{{- toJson dict }}
{{- else if kindIs "string" $value }}
{{- include "confpath.textReading" $value }}
{{- else }}
{{- $scalar := include "confpath.scalar" (list $setting.type $value) | fromJson }}
{{- with $scalar.is }}
{{- $hint := ternary "is %s: quote it" "YAML read it as %s; quote it (on the command line: --set-string)" (hasPrefix "read" .) }}
{{- $_ := set $scalar "problem" (printf $hint .) }}
{{- end }}
{{- omit $scalar "is" | toJson }}
{{- end }}
{{- end }}

{{/*
A text as a reading. Bytes that are no UTF-8 do not survive JSON, so Helm would store something else than was given.
*/}}
{{- define "confpath.textReading" -}}
{{- $reading := dict "text" . }}
{{- if ne . ($reading | toJson | fromJson).text }}
{{- $_ := set $reading "problem" "is not UTF-8 text" }}
{{- end }}
{{- toJson $reading }}
{{- end }}

{{/*
A list of YAML as a reading, with the first problem of an item. JSON would escape a control character of an item, so it is looked for
here. Takes a list: the rule of the items, and the values.
*/}}
{{- define "confpath.listReading" -}}
{{- $items := index . 0 }}
{{- $texts := list }}
{{- $problem := "" }}
{{- range $index, $value := index . 1 }}
{{- $item := dict }}
{{- if or (kindIs "slice" $value) (kindIs "map" $value) }}
{{- $_ := set $item "problem" "is no scalar" }}
{{- else if kindIs "string" $value }}
{{- $item = include "confpath.textReading" $value | fromJson }}
{{- else }}
{{- $item = include "confpath.scalar" (list ($items.type | default "") $value) | fromJson }}
{{- with $item.is }}
{{- $_ := set $item "problem" (printf "is %s: quote it" .) }}
{{- end }}
{{- end }}
{{- $texts = append $texts ($item.text | default "") }}
{{- if and $item.problem (not $problem) }}
{{- $problem = printf "item %d %s" (add1 $index) $item.problem }}
{{- end }}
{{- end }}
{{- $reading := dict "text" (toRawJson $texts) }}
{{- with $problem | default (include "confpath.controlCharacter" (join "" $texts)) }}
{{- $_ := set $reading "problem" . }}
{{- end }}
{{- toJson $reading }}
{{- end }}

{{/*
The given settings as JSON, key to text. Takes a list: the root context, and whether secrets or the others are wanted.
*/}}
{{- define "confpath.given" -}}
{{- $root := index . 0 }}
{{- $wantsSecrets := index . 1 }}
{{- $given := dict }}
{{- range $key, $setting := include "confpath.settings" $root | fromJson }}
{{- if eq $setting.secret $wantsSecrets }}
{{- $reading := include "confpath.reading" (list $setting $root.Values.config $key) | fromJson }}
{{- if hasKey $reading "text" }}
{{- $_ := set $given $key $reading.text }}
{{- end }}
{{- end }}
{{- end }}
{{- toJson $given }}
{{- end }}

{{/*
What the ConfigMap holds but for the seal, as JSON. The hook `configData` gives settings that the chart makes of other values.
*/}}
{{- define "confpath.configData" -}}
{{- $data := include "confpath.given" (list . false) | fromJson }}
{{- range $key, $value := include "confpath.hook" (list . "configData") | default "{}" | fromJson }}
{{- $_ := set $data $key $value }}
{{- end }}
{{- toJson $data }}
{{- end }}

{{- define "confpath.secretData" -}}
{{- include "confpath.given" (list . true) }}
{{- end }}

{{/*
CONFIG_SEAL: SHA-256 over the lines KEY=<SHA-256 of the value>, sorted by key (`range` sorts), of all other keys of the
ConfigMap. The process computes the same sum over the mounted files, so an edit outside the release shows.
*/}}
{{- define "confpath.configSeal" -}}
{{- include "confpath.sealOf" (include "confpath.configData" . | fromJson) }}
{{- end }}

{{/*
The same sum over any settings. Takes them: key to text.
*/}}
{{- define "confpath.sealOf" -}}
{{- $lines := "" }}
{{- range $key, $value := . }}
{{- $lines = printf "%s%s=%s\n" $lines $key (sha256sum $value) }}
{{- end }}
{{- sha256sum $lines }}
{{- end }}

{{- define "confpath.secretName" -}}
{{- .Values.existingSecret | default (include "confpath.fullname" .) }}
{{- end }}

{{/*
Where a secret setting is kept, as JSON: the Secret's name, and the key it has there. The hook `secretRef` may name another one. Takes a
list: the root context and the setting.
*/}}
{{- define "confpath.secretRef" -}}
{{- $own := dict "name" (include "confpath.secretName" (index . 0)) "key" (index . 1) | toJson }}
{{- include "confpath.hook" (list (index . 0) "secretRef" .) | default $own }}
{{- end }}
