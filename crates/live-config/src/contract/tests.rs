use serde_json::{Value, json};

use super::{Contract, OnChange};

fn contract(properties: &Value) -> Contract {
    Contract::from_schema(json!({ "properties": properties, "required": [] })).unwrap()
}

fn port() -> Contract {
    contract(&json!({ "PORT": {
        "type": "integer", "minimum": 1, "maximum": 1000, "default": 30,
        "x-on-change": "prepare", "x-expected": "a whole number from 1 to 1000",
    } }))
}

#[test]
fn only_plain_decimal_within_the_limits_is_a_number() {
    let contract = port();
    let key = contract.key("PORT").unwrap();
    for good in ["1", "30", "1000"] {
        assert!(key.violations(good).is_empty(), "{good}");
    }
    let bad = ["0", "-1", "1e3", " 5", "5 ", "+5", "05", "1.0", "", "1001", "99999999999999999999", "٣"];
    for text in bad {
        assert_eq!(key.violations(text), ["must be a whole number from 1 to 1000"], "{text}");
    }
    assert_eq!(key.default.as_deref(), Some("30"));
    assert_eq!(key.on_change, OnChange::Prepare);
}

#[test]
fn a_control_character_is_named_by_place_and_nothing_else_is_said_of_the_value() {
    let contract = port();
    let violations = contract.key("PORT").unwrap().violations("5\n0");
    assert_eq!(violations, ["contains a line break at character 2"]);
}

#[test]
fn no_reason_holds_anything_of_the_value() {
    let contract = contract(&json!({
        "URL": { "type": "string", "maxLength": 40, "pattern": "^(?:db:[a-z]+)$",
                 "x-on-change": "hot", "x-expected": "db:NAME" },
        "NAME": { "type": "string", "maxLength": 40, "not": { "pattern": "hush", "description": "must be another" },
                  "x-on-change": "hot", "x-expected": "a name" },
        "PORT": { "type": "integer", "minimum": 1, "maximum": 9, "x-on-change": "hot", "x-expected": "1 to 9" },
        "TOKEN": { "type": "string", "minLength": 3, "maxLength": 4, "x-secret": true,
                   "x-on-change": "hot", "x-expected": "any text" },
    }));
    for (key, value, reason) in [
        ("URL", "db:hush@x", "must be db:NAME"),
        ("URL", &"7312".repeat(11), "must have 0 to 40 characters, has 44"),
        ("NAME", "hush", "must be another"),
        ("PORT", "hush", "must be 1 to 9"),
        ("PORT", "7312", "must be 1 to 9"),
        ("TOKEN", "hushhush", "must have 3 to 4 characters, has 8"),
    ] {
        assert_eq!(contract.key(key).unwrap().violations(value), [reason], "{key}");
    }
}

#[test]
fn a_schema_that_says_more_than_is_enforced_is_refused() {
    let refused = |schema: Value| {
        Contract::from_schema(json!({ "properties": { "KEY": schema } })).unwrap_err().to_string()
    };
    let base = json!({ "type": "string", "maxLength": 9, "x-on-change": "hot", "x-expected": "text" });
    let with = |keyword: &str, value: Value| {
        let mut schema = base.clone();
        schema[keyword] = value;
        refused(schema)
    };
    assert!(with("format", json!("email")).ends_with("keyword \"format\" is not enforced"));
    assert!(with("type", json!("boolean")).contains("is not one of string, integer"));
    assert!(with("pattern", json!("^[a-z]+$")).contains("must have the form ^(?:…)$"));
    assert!(with("x-on-change", json!("restart")).contains("x-on-change must be hot or prepare"));
    let secret = json!({ "type": "string", "maxLength": 9, "x-on-change": "hot", "x-expected": "text",
                         "x-secret": true, "pattern": "^(?:a)$" });
    assert!(refused(secret).contains("a secret has no pattern"));
}
