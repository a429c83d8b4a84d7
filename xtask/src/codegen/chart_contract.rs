//! The chart's `files/contract.json`: what the templates must know of each setting.

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::contract::{Setting, settings};
use super::number_pattern::number_pattern;

pub(super) fn chart_contract(contract: &Value) -> Result<Value> {
    let keys = settings(contract)?;
    let described = keys.iter().map(|setting| Ok((setting.name.to_owned(), describe(setting)?)));
    let keys = described.collect::<Result<Map<String, Value>>>()?;
    Ok(json!({ "keys": keys }))
}

fn describe(setting: &Setting<'_>) -> Result<Value> {
    let mut key = Map::new();
    key.insert("type".into(), setting.text("type").into());
    key.insert("secret".into(), setting.is_secret().into());
    if setting.required {
        key.insert("required".into(), true.into());
    }
    if let Some(default) = setting.default() {
        key.insert("default".into(), default.into());
    }
    if let Some(pattern) = pattern(setting)? {
        key.insert("pattern".into(), pattern.into());
        key.insert("expected".into(), setting.text("x-expected").into());
    }
    if let Some(not) = setting.keyword("not") {
        key.insert("refused".into(), json!({ "pattern": not["pattern"], "because": not["description"] }));
    }
    if let Some(rule) = setting.keyword("x-required-when") {
        key.insert("requiredWhen".into(), rule.clone());
    }
    Ok(key.into())
}

/// What the whole text of a value must match. Only a template can say what is expected and keep the value back: Helm's
/// message for a schema repeats both the pattern and the value.
fn pattern(setting: &Setting<'_>) -> Result<Option<String>> {
    if setting.is_integer() {
        let range = number_pattern(setting.integer("minimum")?, setting.integer("maximum")?);
        return Ok(Some(format!("^{range}$")));
    }
    Ok(setting.keyword("pattern").and_then(Value::as_str).map(str::to_owned))
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
                "URL": { "type": "string", "maxLength": 9, "pattern": "^(?:x)$", "default": null,
                         "x-expected": "x" },
                "NAME": { "type": "string", "pattern": "^(?:y)$", "default": "y", "x-expected": "y",
                          "not": { "pattern": "^z", "description": "must not be z" } },
                "SIZE": { "type": "integer", "minimum": 1, "maximum": 9, "default": 3, "x-expected": "1 to 9" },
            },
        });
        assert_eq!(
            chart_contract(&contract).unwrap(),
            json!({ "keys": {
                "KEY": { "type": "string", "secret": true, "required": true,
                         "requiredWhen": { "key": "URL", "pattern": "^p", "because": "it is" } },
                "NAME": { "type": "string", "secret": false, "default": "y", "pattern": "^(?:y)$", "expected": "y",
                          "refused": { "pattern": "^z", "because": "must not be z" } },
                "SIZE": { "type": "integer", "secret": false, "default": "3", "pattern": "^(?:[1-9])$", "expected": "1 to 9" },
                "URL": { "type": "string", "secret": false, "pattern": "^(?:x)$", "expected": "x" },
            } })
        );
    }
}
