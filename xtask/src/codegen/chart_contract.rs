//! The chart's `files/contract.json`: what the templates must know of each setting.

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::contract::{Setting, settings};

pub(super) fn chart_contract(contract: &Value) -> Result<Value> {
    let keys = settings(contract)?;
    let keys: Map<String, Value> =
        keys.iter().map(|setting| (setting.name.to_owned(), describe(setting))).collect();
    Ok(json!({ "keys": keys }))
}

fn describe(setting: &Setting<'_>) -> Value {
    let mut key = Map::new();
    key.insert("type".into(), setting.text("type").into());
    key.insert("secret".into(), setting.is_secret().into());
    if setting.required {
        key.insert("required".into(), true.into());
    }
    if let Some(default) = setting.default() {
        key.insert("default".into(), default.into());
    }
    if setting.is_concealed() {
        key.insert("concealed".into(), true.into());
    }
    if let Some(pattern) = setting.template_pattern() {
        key.insert("pattern".into(), pattern.into());
        key.insert("expected".into(), setting.text("x-expected").into());
    }
    // What the values schema could not explain: its message for `not` is "not failed".
    if let Some(not) = setting.keyword("not") {
        key.insert("refused".into(), json!({ "pattern": not["pattern"], "because": not["description"] }));
    }
    if let Some(rule) = setting.keyword("x-required-when") {
        key.insert("requiredWhen".into(), rule.clone());
    }
    key.into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::chart_contract;

    #[test]
    fn the_templates_learn_what_the_values_schema_cannot_say() {
        let contract = json!({
            "required": ["KEY"],
            "properties": {
                "KEY": { "type": "string", "maxLength": 9, "x-secret": true,
                         "x-required-when": { "key": "URL", "pattern": "^p", "because": "it is" } },
                "URL": { "type": "string", "maxLength": 9, "pattern": "^(?:x)$", "x-conceal": true, "default": null,
                         "x-expected": "x" },
                "NAME": { "type": "string", "pattern": "^(?:y)$", "default": "y",
                          "not": { "pattern": "^z", "description": "must not be z" } },
                "SIZE": { "type": "integer", "default": 30 },
            },
        });
        assert_eq!(
            chart_contract(&contract).unwrap(),
            json!({ "keys": {
                "KEY": { "type": "string", "secret": true, "required": true,
                         "requiredWhen": { "key": "URL", "pattern": "^p", "because": "it is" } },
                "NAME": { "type": "string", "secret": false, "default": "y",
                          "refused": { "pattern": "^z", "because": "must not be z" } },
                "SIZE": { "type": "integer", "secret": false, "default": "30" },
                "URL": { "type": "string", "secret": false, "concealed": true, "pattern": "^(?:x)$", "expected": "x" },
            } })
        );
    }
}
