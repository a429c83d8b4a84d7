//! The chart's `values.schema.json`: the hand-written rest, with the settings projected into `config`.

use anyhow::{Context as _, Result};
use contract::{Contract, Key, Kind};
use serde_json::{Map, Value, json};

/// Puts the settings of `contract` into `properties.config` of `base`.
///
/// A projection, since Helm knows draft-07 only, values may be numbers where the process reads text, null means not
/// given, and validators print what a pattern or a range refuses: those are checked by the templates.
pub(super) fn values_schema(contract: &Contract, base: &Value) -> Result<Value> {
    let mut schema = base.clone();
    let config = schema["properties"]["config"].as_object_mut().context("the base has no config object")?;
    let mut properties = config["properties"].as_object().cloned().unwrap_or_default();
    for key in contract.keys() {
        properties.insert(key.name.clone(), project(key));
    }
    properties.sort_keys();
    config.remove("$comment");
    config.insert("additionalProperties".into(), false.into());
    config.insert("properties".into(), properties.into());
    Ok(schema)
}

fn project(key: &Key) -> Value {
    let mut schema = Map::new();
    schema.insert("description".into(), key.description.as_str().into());
    let types = match &key.kind {
        Kind::Integer { .. } => json!(["integer", "string", "null"]),
        Kind::Number { .. } => json!(["number", "string", "null"]),
        Kind::Boolean => json!(["boolean", "string", "null"]),
        Kind::List { .. } => json!(["array", "string", "null"]),
        // A number gets through to the template, which says how to quote it.
        Kind::Text { .. } if key.secret => json!(["string", "integer", "null"]),
        Kind::Text { .. } | Kind::Choice { .. } | Kind::Duration { .. } => json!(["string", "null"]),
    };
    if let Kind::Text { max_length, .. } = key.kind {
        schema.insert("maxLength".into(), max_length.into());
    }
    schema.insert("type".into(), types);
    schema.into()
}

#[cfg(test)]
mod tests {
    use contract::Contract;
    use serde_json::json;

    use super::values_schema;

    #[test]
    fn settings_have_type_and_length_only() {
        let contract = Contract::from_schema(json!({ "properties": {
            "KEY": { "type": "string", "maxLength": 9, "minLength": 1, "x-secret": true, "description": "A\nkey." },
            "URL": { "type": "string", "maxLength": 9, "pattern": "^(?:x)$", "x-conceal": true },
            "NAME": { "type": "string", "maxLength": 9, "pattern": "^(?:y)$", "not": { "pattern": "z", "description": "no z" } },
            "SIZE": { "type": "integer", "minimum": 1, "maximum": 9 },
        } }))
        .unwrap();
        let base = json!({ "properties": { "config": {
            "type": "object", "$comment": "here", "properties": { "delivery": { "enum": ["files"] } },
        } } });
        let schema = values_schema(&contract, &base).unwrap();
        assert_eq!(
            schema["properties"]["config"],
            json!({ "type": "object", "additionalProperties": false, "properties": {
                "KEY": { "description": "A key.", "type": ["string", "integer", "null"], "maxLength": 9 },
                "NAME": { "description": "", "type": ["string", "null"], "maxLength": 9 },
                "SIZE": { "description": "", "type": ["integer", "string", "null"] },
                "URL": { "description": "", "type": ["string", "null"], "maxLength": 9 },
                "delivery": { "enum": ["files"] },
            } })
        );
    }
}
