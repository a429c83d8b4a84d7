{{/*
The contract's verdict on the text of a setting, as at every other door: lengths in code points, and a pattern over the text. Each
sentence is the contract's own and holds nothing of the value: whoever edits may have pasted a password into any key.
*/}}

{{/*
The sentence on a character that no value may hold; nothing where there is none. Takes the text.
*/}}
{{- define "confpath.controlCharacter" -}}
{{- if regexMatch "[\\x00-\\x1f\\x7f-\\x{9f}\\x{2028}\\x{2029}\\x{feff}\\x{fffe}\\x{ffff}]" . }}contains a control character such as a newline or NUL{{ end }}
{{- end }}

{{/*
Every reason why the text is no value of the setting, one a line. Takes a list: the setting and the text.
*/}}
{{- define "confpath.violations" -}}
{{- $setting := index . 0 }}
{{- $text := index . 1 }}
{{- $unfit := include "confpath.controlCharacter" $text }}
{{- with $unfit }}{{ println . }}{{ end }}
{{- $mismatch := include (ternary "confpath.listMismatch" "confpath.textMismatch" (eq $setting.type "list")) . }}
{{- if and $mismatch (or (not $unfit) (hasPrefix "must have" $mismatch)) }}
{{- println $mismatch }}
{{- end }}
{{- with $setting.refused }}
{{- if regexMatch .pattern $text }}
{{- println .because }}
{{- end }}
{{- end }}
{{- end }}

{{/*
The reason why a text is not within a rule of lengths and a pattern; nothing where it is. Takes a list: the rule and the text.
*/}}
{{- define "confpath.textMismatch" -}}
{{- $rule := index . 0 }}
{{- $text := index . 1 }}
{{- $least := int ($rule.minLength | default 0) }}
{{- $isOfLength := true }}
{{- if or $least (hasKey $rule "maxLength") }}
{{- $length := len (regexFindAll "(?s:.)" $text -1) }}
{{- $isOfLength = and (ge $length $least) (or (not (hasKey $rule "maxLength")) (le $length (int $rule.maxLength))) }}
{{- end }}
{{- if and (not $isOfLength) (hasKey $rule "maxLength") }}
{{- printf "must have %d to %d characters" $least (int $rule.maxLength) }}
{{- else if not (and $isOfLength (regexMatch ($rule.pattern | default "") $text)) }}
{{- printf "must be %s" $rule.expected }}
{{- end }}
{{- end }}

{{/*
The same for a list of such texts: the first item that is not within the rule. Takes a list: the setting and the text.
*/}}
{{- define "confpath.listMismatch" -}}
{{- $setting := index . 0 }}
{{- $list := include "confpath.listItems" (index . 1) | fromJson }}
{{- $number := len ($list.items | default list) }}
{{- $isWithin := and (ge $number (int ($setting.minItems | default 0))) (or (not (hasKey $setting "maxItems")) (le $number (int $setting.maxItems))) }}
{{- if not (and (hasKey $list "items") $isWithin) }}
{{- printf "must be %s" $setting.expected }}
{{- else }}
{{- $bad := 0 }}
{{- range $index, $item := $list.items }}
{{- if and (not $bad) (include "confpath.textMismatch" (list $setting.items $item)) }}
{{- $bad = add1 $index }}
{{- end }}
{{- end }}
{{- if $bad }}
{{- printf "item %d must be %s" $bad $setting.items.expected }}
{{- end }}
{{- end }}
{{- end }}

{{/*
The items of a text, as JSON: of a JSON array in plain form, or what stands between commas, without the blanks around. No field `items`
where the text begins as an array and is none. The two escapes are undone by way of a character that no value holds.
*/}}
{{- define "confpath.listItems" -}}
{{- $item := `"(?:[^"\\]|\\["\\])*"|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?|true|false` }}
{{- $list := dict "items" list }}
{{- if hasPrefix "[" . }}
{{- $items := list }}
{{- range regexFindAll $item . -1 }}
{{- $items = append $items (ternary (. | trimPrefix `"` | trimSuffix `"` | replace `\\` "\x01" | replace `\"` `"` | replace "\x01" `\`) . (hasPrefix `"` .)) }}
{{- end }}
{{- $list = ternary (dict "items" $items) dict (regexMatch (printf `^\[ *(?:(?:%s) *(?:, *(?:%s) *)*)?\]$` $item $item) .) }}
{{- else if . }}
{{- $items := list }}
{{- range splitList "," . }}
{{- $items = append $items (trimAll " " .) }}
{{- end }}
{{- $list = dict "items" $items }}
{{- end }}
{{- toJson $list }}
{{- end }}
