//! The schema of contracts, compared with the crate that reads them.

use std::process::Command;

use contract::Contract;
use serde_json::{Value, json};

fn schema() -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_confpath")).arg("contract-schema").output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// One property each that is accepted.
fn accepted() -> Vec<Value> {
    let secret = json!({ "type": "string", "x-secret": true, "maxLength": 64, "default": "" });
    let rule = json!({ "key": "OTHER", "pattern": "^a", "because": "OTHER begins with a" });
    vec![
        json!({ "type": "string", "minLength": 1, "maxLength": 9, "pattern": "^(?:a)$", "default": "a" }),
        json!({ "type": ["string", "null"], "format": "uri", "title": "t", "description": "d", "examples": [], "deprecated": true }),
        json!({ "type": "string", "enum": ["a", "b"], "x-conceal": true, "x-expected": "a or b", "x-on-change": "prepare" }),
        json!({ "enum": ["a", null] }),
        json!({ "type": "string", "const": "a" }),
        json!({ "type": "string", "format": "duration-text", "x-minimum": "1s", "x-maximum": "5m", "readOnly": true }),
        json!({ "type": "integer", "format": "uint16", "minimum": 1, "maximum": 9, "writeOnly": false, "$comment": "c" }),
        json!({ "type": "number", "format": "double", "minimum": 0.5 }),
        json!({ "type": "boolean", "default": true }),
        json!({ "type": "array", "items": { "type": "string", "format": "ip" }, "minItems": 1, "maxItems": 2 }),
        json!({ "anyOf": [{ "type": "integer" }, { "type": "null" }], "default": null }),
        json!({ "oneOf": [{ "const": "a", "description": "d" }, { "const": "b" }] }),
        json!({ "type": "string", "not": { "pattern": "^x", "description": "must not begin with x" } }),
        json!({ "type": "string", "x-required-when": rule }),
        secret,
    ]
}

/// Values for every keyword, those that no contract may have included.
fn keywords() -> Vec<(&'static str, Value)> {
    vec![
        ("pattern", json!("^(?:a)$")),
        ("pattern", json!("^a$")),
        ("format", json!("email")),
        ("format", json!("hostname")),
        ("format", json!("int8")),
        ("enum", json!(["a"])),
        ("minLength", json!(0)),
        ("minLength", json!(-1)),
        ("minimum", json!(0)),
        ("maximum", json!("x")),
        ("x-minimum", json!("0s")),
        ("x-maximum", json!("1 s")),
        ("items", json!({ "type": "string" })),
        ("items", json!({ "type": "array", "items": { "type": "string" } })),
        ("items", json!({ "type": "string", "default": "x" })),
        ("minItems", json!(0)),
        ("multipleOf", json!(2)),
        ("contentEncoding", json!("base64")),
        ("not", json!({ "pattern": "x" })),
        ("x-on-change", json!("never")),
        ("x-required-when", json!({ "key": "OTHER" })),
        ("x-unknown", json!(true)),
        ("type", json!("object")),
    ]
}

#[test]
fn schema_and_reader_accept_the_same_contracts() {
    let schema = jsonschema::validator_for(&schema()).unwrap();
    let (mut n_refused, mut differences) = (0, Vec::new());
    let mut compare = |property: &Value, must_hold: Option<bool>| {
        let contract =
            json!({ "type": "object", "properties": { "KEY": property, "OTHER": { "type": "string" } } });
        let is_read = Contract::from_schema(contract.clone()).is_ok();
        assert!(must_hold.is_none_or(|must| must == is_read), "{property}");
        // What the reader merges from several parts, no schema can see.
        let is_merged = ["anyOf", "oneOf"].iter().any(|word| property.get(word).is_some());
        if schema.is_valid(&contract) != is_read && (is_read || !is_merged) {
            differences.push(format!("{property}: the reader says {is_read}"));
        }
        n_refused += usize::from(!is_read);
    };
    for property in accepted() {
        compare(&property, Some(true));
        for (keyword, value) in keywords() {
            let mut changed = property.clone();
            changed[keyword] = value;
            compare(&changed, None);
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert!(n_refused > 200, "{n_refused}");
}

#[test]
fn schema_refuses_unknown_words_and_names() {
    let schema = jsonschema::validator_for(&schema()).unwrap();
    for contract in [
        json!({ "properties": { "A-B": { "type": "string" } } }),
        json!({ "properties": { "A": { "type": "string", "x-secret": true, "default": "hush" } } }),
        json!({ "patternProperties": {} }),
        json!({ "type": "array" }),
        json!({ "required": "A" }),
    ] {
        assert!(!schema.is_valid(&contract), "{contract}");
    }
}
