//! The chart's `files/contract.json`: the rules of each setting that the templates check, and the region of `values.yaml` with the
//! settings.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::{digest, json_file};
use crate::contract::Contract;
use crate::key::Key;
use crate::kind::Kind;
use crate::on_change::OnChange;
use crate::rule::{Rule, TextRule};

/// The text of `files/contract.json`.
///
/// Only a template can say what is expected and keep the value back: Helm's message for a schema repeats both the pattern
/// and the value.
pub fn rules(contract: &Contract, service: &str) -> String {
    let keys: Map<String, Value> =
        contract.keys().iter().map(|key| (key.name.clone(), describe(key))).collect();
    json_file(&json!({ "service": service, "digest": digest(contract), "keys": keys }))
}

fn describe(key: &Key) -> Value {
    let mut described = Map::new();
    described.insert("type".into(), name_of(&key.kind).into());
    described.insert("secret".into(), key.secret.into());
    if key.required {
        described.insert("required".into(), true.into());
    }
    if let Some(default) = &key.default {
        described.insert("default".into(), default.as_str().into());
    }
    if key.on_change == OnChange::Restart {
        described.insert("restart".into(), true.into());
    }
    match key.kind.rule() {
        Rule::Text(rule) => describe_text(&rule, &key.expected, &mut described),
        Rule::List { items, min_items, max_items } => {
            let mut item = Map::new();
            if let Kind::List { items, .. } = &key.kind {
                item.insert("type".into(), name_of(items).into());
            }
            describe_text(&items, &items.expected, &mut item);
            described.insert("expected".into(), key.expected.as_str().into());
            described.insert("items".into(), item.into());
            described.insert("minItems".into(), min_items.into());
            if let Some(most) = max_items {
                described.insert("maxItems".into(), most.into());
            }
        }
    }
    if let Some(refused) = &key.refused {
        let rule = json!({ "pattern": refused.pattern.as_str(), "because": refused.because });
        described.insert("refused".into(), rule);
    }
    if let Some(rule) = &key.required_when {
        let rule = json!({ "key": rule.key, "pattern": rule.pattern.as_str(), "because": rule.because });
        described.insert("requiredWhen".into(), rule);
    }
    described.into()
}

fn describe_text(rule: &TextRule, expected: &str, described: &mut Map<String, Value>) {
    if let Some(most) = rule.max_length {
        described.insert("minLength".into(), rule.min_length.into());
        described.insert("maxLength".into(), most.into());
    }
    if let Some(pattern) = &rule.pattern {
        described.insert("pattern".into(), pattern.as_str().into());
    }
    described.insert("expected".into(), expected.into());
}

/// The name of a type in the chart: JSON Schema's, and `duration`.
fn name_of(kind: &Kind) -> &'static str {
    match kind {
        Kind::Text { .. } | Kind::Choice { .. } => "string",
        Kind::Integer { .. } => "integer",
        Kind::Number { .. } => "number",
        Kind::Boolean => "boolean",
        Kind::Duration { .. } => "duration",
        Kind::List { .. } => "list",
    }
}

/// The settings as they stand in `values.yaml` below `config:`, each after its description: with its default, as `""` for a secret,
/// and in a comment where nothing is given.
pub fn values(contract: &Contract) -> String {
    let mut text = String::new();
    for key in contract.keys() {
        let sentence = if key.secret {
            "Secret: prefer existingSecret, since Helm stores what is written here."
        } else {
            ""
        };
        for line in wrapped(&[&key.description, &format!("Must be {}.", key.expected), sentence]) {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "# {line}");
        }
        let name = plain_or_quoted(&key.name, is_word(&key.name));
        let _ = match &key.default {
            _ if key.secret => writeln!(text, "{name}: \"\""),
            Some(default) => writeln!(text, "{name}: {}", yaml(&key.kind, default)),
            None => writeln!(text, "# {name}:"),
        };
    }
    text
}

/// The sentences in lines of at most 120 characters.
fn wrapped(sentences: &[&str]) -> Vec<String> {
    const WIDTH: usize = 120;
    let mut lines: Vec<String> = Vec::new();
    for word in sentences.iter().flat_map(|sentence| sentence.split_whitespace()) {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.into()),
        }
    }
    lines
}

/// A text as YAML: numbers and switches plain, anything else as a JSON string, which is YAML too.
fn yaml(kind: &Kind, text: &str) -> String {
    let is_plain = match kind {
        Kind::Integer { .. } | Kind::Number { .. } | Kind::Boolean => true,
        Kind::Text { .. } | Kind::Choice { .. } | Kind::Duration { .. } => is_word(text),
        Kind::List { .. } => text.starts_with('['),
    };
    plain_or_quoted(text, is_plain)
}

fn plain_or_quoted(text: &str, is_plain: bool) -> String {
    if is_plain { text.into() } else { Value::from(text).to_string() }
}

/// Returns true for a text that every version of YAML takes for text.
fn is_word(text: &str) -> bool {
    let is_inner = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    text.starts_with(|c: char| c.is_ascii_alphabetic() || "/_".contains(c))
        && text.chars().all(is_inner)
        && !RESERVED.contains(&text.to_ascii_lowercase().as_str())
}

/// Words that YAML 1.1 or 1.2 takes for something else than text.
const RESERVED: [&str; 9] = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"];

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{rules, values};
    use crate::Contract;

    fn contract() -> Contract {
        Contract::from_schema(json!({
            "required": ["KEY"],
            "properties": {
                "KEY": { "type": "string", "maxLength": 9, "x-secret": true, "description": "Signs\nthings.",
                         "x-required-when": { "key": "URL", "pattern": "^p", "because": "it is" } },
                "URL": { "type": "string", "maxLength": 9, "pattern": "^(?:x)$", "default": null,
                         "x-expected": "x" },
                "NAME": { "type": "string", "enum": ["y", "no"], "default": "no", "description": "A name.",
                          "not": { "pattern": "^z", "description": "must not be z" } },
                "SIZE": { "type": "integer", "minimum": 1, "maximum": 9, "default": 3, "x-on-change": "restart" },
                "IS_ON": { "type": "boolean", "default": true },
                "WAIT": { "type": "string", "format": "duration-text", "default": "5s", "x-minimum": "1s", "x-maximum": "9s" },
                "HOSTS": { "type": "array", "items": { "type": "string", "maxLength": 5 }, "maxItems": 2, "default": ["a", "b"] },
            },
        }))
        .unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn rules_hold_what_each_door_needs() {
        let rules: Value = serde_json::from_str(&rules(&contract(), "shop")).unwrap();
        assert_eq!(rules["service"], "shop");
        assert_eq!(
            rules["keys"],
            json!({
                "KEY": { "type": "string", "secret": true, "required": true, "minLength": 0, "maxLength": 9,
                         "expected": "any text of at most 9 characters",
                         "requiredWhen": { "key": "URL", "pattern": "^p", "because": "it is" } },
                "NAME": { "type": "string", "secret": false, "default": "no", "pattern": "^(?:y|no)$", "expected": "y or no",
                          "refused": { "pattern": "^z", "because": "must not be z" } },
                "SIZE": { "type": "integer", "secret": false, "default": "3", "restart": true, "pattern": "^(?:[1-9])$",
                          "expected": "a whole number from 1 to 9" },
                "URL": { "type": "string", "secret": false, "minLength": 0, "maxLength": 9, "pattern": "^(?:x)$", "expected": "x" },
                "IS_ON": { "type": "boolean", "secret": false, "default": "true", "pattern": "^(?:true|false)$",
                           "expected": "true or false" },
                "WAIT": { "type": "duration", "secret": false, "default": "5s",
                          "pattern": "^(?:(?:[1-9])s|(?:1[0-9][0-9]{2}|[2-8][0-9]{3}|9000)ms)$",
                          "expected": "a duration such as 250ms, 30s, 5m or 2h from 1s to 9s" },
                "HOSTS": { "type": "list", "secret": false, "default": "[\"a\",\"b\"]",
                           "expected": "a list of at most 2 items, each any text of at most 5 characters",
                           "items": { "type": "string", "minLength": 0, "maxLength": 5, "expected": "any text of at most 5 characters" },
                           "minItems": 0, "maxItems": 2 },
            })
        );
    }

    #[test]
    fn names_yaml_takes_otherwise_are_quoted() {
        let properties = json!({ "NULL": { "type": "boolean", "default": true }, "On": { "type": "boolean" }, "_1": { "type": "boolean" } });
        let text = values(&Contract::from_schema(json!({ "properties": properties })).unwrap());
        for line in ["\"NULL\": true", "# \"On\":", "# _1:"] {
            assert!(text.lines().any(|found| found == line), "{text}");
        }
    }

    #[test]
    fn values_show_every_setting_with_its_default() {
        assert_eq!(
            values(&contract()),
            "\
# Must be a list of at most 2 items, each any text of at most 5 characters.
HOSTS: [\"a\",\"b\"]
# Must be true or false.
IS_ON: true
# Signs things. Must be any text of at most 9 characters. Secret: prefer existingSecret, since Helm stores what is written
# here.
KEY: \"\"
# A name. Must be y or no.
NAME: \"no\"
# Must be a whole number from 1 to 9.
SIZE: 3
# Must be x.
# URL:
# Must be a duration such as 250ms, 30s, 5m or 2h from 1s to 9s.
WAIT: \"5s\"
"
        );
    }
}
