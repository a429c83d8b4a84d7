use serde_json::{Value, json};

use crate::{Contract, OnChange};

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
fn integer_accepts_only_plain_decimal_within_limits() {
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
fn control_character_is_named_only_by_position() {
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
fn unenforced_schema_keyword_is_refused() {
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
    assert!(with("type", json!("null")).contains("is not one of string, integer"));
    assert!(with("type", json!("boolean")).ends_with("keyword \"maxLength\" is not enforced"));
    assert!(with("pattern", json!("^[a-z]+$")).contains("must have the form ^(?:…)$"));
    assert!(with("x-on-change", json!("never")).contains("x-on-change must be hot, prepare or restart"));
    let secret = json!({ "type": "string", "maxLength": 9, "x-on-change": "hot", "x-expected": "text",
                         "x-secret": true, "pattern": "^(?:a)$" });
    assert!(refused(secret).contains("a secret has no pattern"));
}

#[test]
fn all_problems_of_a_schema_come_at_once() {
    let error = Contract::from_schema(json!({
        "patternProperties": {},
        "required": ["ABSENT"],
        "properties": {
            "A": { "type": "string", "format": "email", "x-on-change": "never", "contentEncoding": "base64" },
            "B": { "type": "object", "properties": {} },
            "C": { "type": "integer", "minimum": 9, "maximum": 1 },
            "D": { "type": "string", "enum": ["a"], "default": "b" },
            "E": { "type": ["string", "integer"] },
            "F": { "type": "array", "items": { "type": "array", "items": { "type": "boolean" } } },
            "G": { "$ref": "#/$defs/G" },
        },
    }));
    let text = error.unwrap_err().to_string();
    for problem in [
        "A: keyword \"contentEncoding\" is not enforced",
        "A: format \"email\" is none of uri, hostname, ip, path, duration-text",
        "A: x-on-change must be hot, prepare or restart",
        "B: is an object, and settings are flat",
        "C: no number is from 9 to 1",
        "D: the default must be a",
        "E: type [\"string\",\"integer\"] is not one of",
        "F: items: a list of lists",
        "G: keyword \"$ref\" is not enforced",
        "schema: keyword \"patternProperties\" is not enforced",
        "schema: required names \"ABSENT\", which is no setting",
    ] {
        assert!(
            text.lines().any(|line| line.starts_with(&format!("settings contract: {problem}"))),
            "{problem}\n{text}"
        );
    }
}

#[test]
fn a_rule_about_no_setting_is_refused() {
    let rule = json!({ "key": "NOTHING", "pattern": "^a", "because": "it is" });
    let schema = json!({ "properties": { "A": { "type": "string", "x-required-when": rule } } });
    let error = Contract::from_schema(schema).unwrap_err();
    assert_eq!(error.0[0].reason, "x-required-when names NOTHING, which is no setting");
}

#[test]
fn each_type_takes_its_texts_and_no_others() {
    let contract = contract(&json!({
        "SWITCH": { "type": "boolean" },
        "MODE": { "oneOf": [{ "const": "fast", "description": "No checks." }, { "type": "string", "enum": ["safe", "slow"] }] },
        "RATIO": { "type": "number", "minimum": -0.5, "maximum": 1 },
        "OFFSET": { "type": "integer", "format": "int8" },
        "LARGE": { "type": "integer", "format": "uint64", "minimum": 0 },
        "WAIT": { "type": "string", "format": "duration-text", "x-minimum": "1s", "x-maximum": "5m" },
        "HOSTS": { "type": "array", "items": { "type": "string", "format": "hostname" }, "minItems": 1, "maxItems": 3 },
        "PORTS": { "type": "array", "items": { "type": "integer", "format": "uint16" } },
        "SITE": { "anyOf": [{ "type": "string", "format": "uri" }, { "type": "null" }], "default": null },
    }));
    let table: [(&str, &[&str], &[&str], &str); 9] = [
        ("SWITCH", &["true", "false"], &["True", "1", "yes", "", " true"], "true or false"),
        ("MODE", &["fast", "safe", "slow"], &["Fast", "", "fast "], "fast, safe or slow"),
        (
            "RATIO",
            &["0", "-0.5", "0.25", "1", "1.000"],
            &["1.1", "-0.51", ".5", "1.", "1e-1", "NaN", "inf", "00.1"],
            "a number from -0.5 to 1",
        ),
        ("OFFSET", &["-128", "0", "127"], &["128", "-129", "-0", "1.0"], "a whole number from -128 to 127"),
        (
            "LARGE",
            &["18446744073709551615"],
            &["18446744073709551616", "-1"],
            "a whole number from 0 to 18446744073709551615",
        ),
        (
            "WAIT",
            &["1000ms", "30s", "5m"],
            &["999ms", "6m", "30", "1h"],
            "a duration such as 250ms, 30s, 5m or 2h from 1s to 5m",
        ),
        (
            "HOSTS",
            &["a", "a, b.example,c", r#"["a","b"]"#],
            &["", "[]", "a,b,c,d", "[1"],
            "a list of 1 to 3 items, each a host name",
        ),
        (
            "PORTS",
            &["", "[]", "1,2", "[80, 443]", r#"["80"]"#],
            &["[[1]]"],
            "a list of items, each a whole number from 0 to 65535",
        ),
        ("SITE", &["https://example.com"], &["example.com"], "an absolute URL, as https://example.com/path"),
    ];
    for (name, good, bad, expected) in table {
        let key = contract.key(name).unwrap();
        assert_eq!(key.expected, expected);
        assert!(!key.required && key.on_change == OnChange::Hot);
        good.iter().for_each(|text| assert_eq!(key.violations(text), Vec::<String>::new(), "{name} {text}"));
        bad.iter().for_each(|text| {
            assert_eq!(key.violations(text), [format!("must be {expected}")], "{name} {text}");
        });
    }
    let item = |name: &str, text: &str| contract.key(name).unwrap().violations(text);
    assert_eq!(item("PORTS", "80,65536"), ["item 2 must be a whole number from 0 to 65535"]);
    assert_eq!(item("HOSTS", "a,,b"), ["item 2 must be a host name"]);
}

#[test]
fn names_and_limits_that_contradict_are_refused() {
    let problems = |properties: Value| {
        let error = Contract::from_schema(json!({ "properties": properties })).unwrap_err();
        error.0.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let text = || json!({ "type": "string" });
    assert_eq!(
        problems(json!({ "PORT": text(), "port": text(), "Port": text() })),
        ["Port: differs from PORT in case only", "port: differs from Port in case only"]
    );
    for name in ["", "1A", "A-B", "A.B", "A B", "É"] {
        let expected =
            format!("{name}: no shell can export this name: use letters, digits and _, not a digit first");
        assert_eq!(problems(json!({ name: text() })), [expected]);
    }
    for (schema, reason) in [
        (json!({ "type": "string", "minLength": 5, "maxLength": 4 }), "no text has 5 to 4 characters"),
        (json!({ "type": "string", "minLength": 4097 }), "no text has 4097 to 4096 characters"),
        (
            json!({ "type": "array", "items": text(), "minItems": 2, "maxItems": 1 }),
            "no list has 2 to 1 items",
        ),
        (
            json!({ "type": "string", "x-secret": true, "default": "hush" }),
            "a secret has no default: everyone who reads the contract would know it",
        ),
        (
            json!({ "type": "string", "pattern": r"^(?:\s)$" }),
            r"pattern: \s is not read alike by RE2 and ECMAScript",
        ),
    ] {
        assert_eq!(problems(json!({ "KEY": schema })), [format!("KEY: {reason}")]);
    }
    contract(&json!({ "TOKEN": { "type": "string", "x-secret": true, "default": "" } }));
}

#[test]
fn a_similar_name_is_suggested() {
    let contract = port();
    assert_eq!(contract.nearest("prot"), Some("PORT"));
    assert_eq!(contract.nearest("HOST"), None);
}
