//! The chart's `values.schema.json`: the library chart's part and the service's own, with the settings projected into `config`.

use serde_json::{Map, Value, json};

use super::json_file;
use crate::contract::Contract;
use crate::key::Key;
use crate::kind::Kind;

/// The text of the schema: `parts` united in their order, a later one before an earlier one, with the settings of `contract` in
/// `properties.config`.
///
/// A projection, since Helm knows draft-07 only, values may be numbers where the process reads text, null means not
/// given, and validators print what a pattern or a range refuses: those are checked by the templates.
pub fn values_schema(contract: &Contract, parts: &[Value]) -> String {
    let mut schema = json!({});
    for part in parts {
        unite(&mut schema, part);
    }
    let settings: Map<String, Value> =
        contract.keys().iter().map(|key| (key.name.clone(), project(key))).collect();
    unite(
        &mut schema,
        &json!({ "properties": { "config": { "additionalProperties": false, "properties": settings } } }),
    );
    if let Some(properties) = schema["properties"]["config"]["properties"].as_object_mut() {
        properties.sort_keys();
    }
    json_file(&schema)
}

/// Puts `other` into `schema`: objects name by name, the names of `required` sorted and once each, and anything else in place of what
/// was there.
fn unite(schema: &mut Value, other: &Value) {
    let (Some(into), Some(from)) = (schema.as_object_mut(), other.as_object()) else {
        *schema = other.clone();
        return;
    };
    for (name, value) in from {
        match (into.get_mut(name), value) {
            (Some(Value::Array(there)), Value::Array(more)) if name == "required" => {
                there.extend(more.iter().cloned());
                there.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
                there.dedup();
            }
            (Some(there), value) => unite(there, value),
            (None, value) => drop(into.insert(name.clone(), value.clone())),
        }
    }
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
    schema.insert("type".into(), types);
    schema.into()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::values_schema;
    use crate::Contract;

    #[test]
    fn settings_have_their_type_only() {
        let contract = Contract::from_schema(json!({ "properties": {
            "KEY": { "type": "string", "maxLength": 9, "minLength": 1, "x-secret": true, "description": "A\nkey." },
            "URL": { "type": "string", "maxLength": 9, "pattern": "^(?:x)$", "x-conceal": true },
            "NAME": { "type": "string", "maxLength": 9, "pattern": "^(?:y)$", "not": { "pattern": "z", "description": "no z" } },
            "SIZE": { "type": "integer", "minimum": 1, "maximum": 9 },
        } }))
        .unwrap();
        let library = json!({ "required": ["image", "config"], "properties": {
            "image": { "type": "object" },
            "config": { "type": "object", "properties": { "delivery": { "enum": ["files"] } } },
        } });
        let own = json!({ "required": ["data", "image"], "properties": { "data": { "type": "object" } } });
        let schema: Value = serde_json::from_str(&values_schema(&contract, &[library, own])).unwrap();
        assert_eq!(schema["required"], json!(["config", "data", "image"]));
        assert_eq!(schema["properties"]["data"], json!({ "type": "object" }));
        assert_eq!(
            schema["properties"]["config"],
            json!({ "type": "object", "additionalProperties": false, "properties": {
                "KEY": { "description": "A key.", "type": ["string", "integer", "null"] },
                "NAME": { "description": "", "type": ["string", "null"] },
                "SIZE": { "description": "", "type": ["integer", "string", "null"] },
                "URL": { "description": "", "type": ["string", "null"] },
                "delivery": { "enum": ["files"] },
            } })
        );
    }
}
