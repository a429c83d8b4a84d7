//! The chart's `files/contract.json`: the rules of each setting that the templates check.

use anyhow::{Result, bail};
use contract::{Contract, Key, Kind};
use serde_json::{Map, Value, json};

pub(super) fn chart_contract(contract: &Contract) -> Result<Value> {
    let described = contract.keys().iter().map(|key| Ok((key.name.clone(), describe(key)?)));
    let keys = described.collect::<Result<Map<String, Value>>>()?;
    Ok(json!({ "keys": keys }))
}

/// Only a template can say what is expected and keep the value back: Helm's message for a schema repeats both the pattern
/// and the value.
fn describe(key: &Key) -> Result<Value> {
    let kind = match key.kind {
        Kind::Text { .. } | Kind::Choice { .. } | Kind::Boolean => "string",
        Kind::Integer { .. } => "integer",
        Kind::Number { .. } | Kind::Duration { .. } | Kind::List { .. } => {
            bail!("{}: the chart's templates know no such type yet", key.name)
        }
    };
    let mut described = Map::new();
    described.insert("type".into(), kind.into());
    described.insert("secret".into(), key.secret.into());
    if key.required {
        described.insert("required".into(), true.into());
    }
    if let Some(default) = &key.default {
        described.insert("default".into(), default.as_str().into());
    }
    if let Some(pattern) = key.kind.pattern() {
        described.insert("pattern".into(), pattern.into());
        described.insert("expected".into(), key.expected.as_str().into());
    }
    if let Some(refused) = &key.refused {
        let rule = json!({ "pattern": refused.pattern.as_str(), "because": refused.because });
        described.insert("refused".into(), rule);
    }
    if let Some(rule) = &key.required_when {
        let rule = json!({ "key": rule.key, "pattern": rule.pattern.as_str(), "because": rule.because });
        described.insert("requiredWhen".into(), rule);
    }
    Ok(described.into())
}

#[cfg(test)]
mod tests {
    use contract::Contract;
    use serde_json::json;

    use super::chart_contract;

    #[test]
    fn chart_contract_holds_rules_beyond_values_schema() {
        let contract = Contract::from_schema(json!({
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
        }))
        .unwrap();
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
