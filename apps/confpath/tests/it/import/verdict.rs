//! One verdict: what a schema accepts, its contract accepts as text.

use contract::Contract;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use crate::{Scene, few_cases};

/// Patterns with all that is translated, in the syntax of ECMAScript.
const PATTERNS: [&str; 14] = [
    "^[a-c]+$",
    "a",
    "^a",
    "b$",
    "^a|b$",
    "^$|^a+$",
    "^(?:a|b)(?:c)$",
    "^(?:a)|(?:b)$",
    "(^a|c$)b?",
    r"^\S+$",
    r"\s",
    r"[\s,]",
    r"^a\u0062{1,2}\.?",
    r"\Dab\W",
];

/// One schema, with the JSON values that are tried.
fn property() -> impl Strategy<Value = (Value, Vec<Value>)> {
    let text = "[abc ,.\u{a0}é]{0,5}";
    let texts = || proptest::collection::vec(text.prop_map(Value::from), 12);
    let integers = || proptest::collection::vec((-9_i64..9).prop_map(Value::from), 12);
    let pattern =
        select(PATTERNS.to_vec()).prop_map(|pattern| json!({ "type": "string", "pattern": pattern }));
    let length = (0_u8..3, 2_u8..6).prop_map(
        |(least, most)| json!({ "allOf": [{ "type": "string", "minLength": least }, { "maxLength": most }] }),
    );
    let choice = select(vec![
        json!({ "enum": ["a", "b"] }),
        json!({ "const": "a" }),
        json!({ "oneOf": [{ "const": "a" }, { "enum": ["b", "c"] }] }),
        json!({ "anyOf": [{ "type": "null" }, { "$ref": "#/$defs/choice" }] }),
    ]);
    let bound = select(vec!["minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"]);
    let bound = (bound, select(vec![json!(-5), json!(-2.5), json!(0), json!(1.0), json!(3.5), json!(7)]));
    let integer = proptest::collection::vec(bound, 0..3).prop_map(|bounds| {
        let mut schema = json!({ "type": ["integer", "null"] });
        bounds.into_iter().for_each(|(keyword, value)| schema[keyword] = value);
        schema
    });
    let numbers =
        select(vec![json!({ "enum": [1, 2, 3] }), json!({ "const": 4 }), json!({ "enum": [3, 2, null] })]);
    prop_oneof![
        4 => (pattern, texts()),
        1 => (length, texts()),
        1 => (choice, texts()),
        3 => (integer, integers()),
        1 => (numbers, integers()),
    ]
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

proptest! {
    #![proptest_config(few_cases())]

    #[test]
    fn contract_accepts_what_its_schema_accepts(properties in proptest::collection::vec(property(), 1..8)) {
        let named = properties.iter().enumerate().map(|(index, (schema, _))| (format!("k{index}"), schema.clone()));
        let definitions = json!({ "choice": { "enum": ["b", "c"] } });
        let schema = json!({ "type": "object", "properties": named.collect::<Map<_, _>>(), "$defs": definitions });
        let run = Scene::empty().import_schema(&schema, "--from json-schema");
        if run.code() == 1 {
            // No whole number is within these bounds.
            let problems = run.problems();
            prop_assert!(problems.iter().all(|problem| problem.contains("no number is from")), "{:?}", problems);
            return Ok(());
        }
        let contract = Contract::from_schema(serde_json::from_str(&run.stdout()).unwrap()).unwrap();
        let schema = jsonschema::validator_for(&schema).unwrap();
        for (index, (_, values)) in properties.iter().enumerate() {
            let key = contract.key(&format!("K{index}")).unwrap();
            for value in values {
                let name = format!("k{index}");
                let is_valid = schema.is_valid(&json!({ name: value }));
                prop_assert_eq!(key.violations(&text_of(value)).is_empty(), is_valid, "{} {:?}", value, key);
            }
        }
    }
}
