//! Sources that cannot be a contract as they are.

use serde_json::{Value, json};

use crate::Scene;

/// The problems of a source with these properties, without its name; all of them are refused with 1.
fn refused(properties: &Value, flags: &str) -> Vec<String> {
    let scene = Scene::empty();
    let run = scene.import_schema(&json!({ "type": "object", "properties": properties }), flags);
    assert_eq!((run.code(), run.stdout().as_str()), (1, ""), "{:?}", run.problems());
    run.problems()
}

#[test]
fn all_problems_have_pointer_and_line() {
    let scene = Scene::empty();
    scene.write(
        "source.json",
        r##"{
  "type": "object",
  "properties": {
    "port": { "type": "integer", "multipleOf": 5 },
    "ratio": {
      "type": "number",
      "exclusiveMinimum": 0
    },
    "code": { "type": "string", "pattern": "^(?!x)" },
    "either": { "anyOf": [{ "type": "integer" }, { "type": "string" }] },
    "labels": { "type": "object", "additionalProperties": { "type": "string" } },
    "self": { "$ref": "#" },
    "far": { "$ref": "other.json" },
    "mail": { "type": "string", "format": "email" },
    "any": {},
    "level": { "type": "string", "default": "on", "enum": ["off"] },
    "fooBar": { "type": "string" },
    "foo_bar": { "type": "string" }
  }
}"##,
    );
    let run = scene.import("--from json-schema source.json --output contract.json");
    assert_eq!(run.code(), 1);
    assert!(!scene.path().join("contract.json").exists());
    assert_eq!(
        run.problems(),
        [
            "source.json:4: /properties/port/multipleOf: keyword \"multipleOf\" is not enforced by a contract: leave it out with --drop multipleOf if the service checks it",
            "source.json:7: /properties/ratio/exclusiveMinimum: keyword \"exclusiveMinimum\" is not enforced by a contract: give minimum, or leave it out with --drop exclusiveMinimum",
            "source.json:9: /properties/code/pattern: the pattern looks around, which RE2 cannot: give another pattern by hand, or leave it out with --drop pattern",
            "source.json:10: /properties/either/anyOf: keyword \"anyOf\" has several types, and a setting has one: choose one, or take any text with --drop /properties/either/anyOf",
            "source.json:11: /properties/labels: is a map, and settings are flat: make each entry a setting of its own, or leave it out with --drop /properties/labels",
            "source.json:12: /properties/self/$ref: refers to itself, and settings are flat: a contract has no nesting without an end",
            "source.json:13: /properties/far/$ref: refers to another document: inline it, since a contract is one file",
            "source.json:14: /properties/mail/format: format \"email\" is not enforced by a contract: give a pattern, or leave it out with --drop format",
            "source.json:15: /properties/any: has no type: give one, or take any text with --drop /properties/any/type",
            "source.json:16: /properties/level/default: LEVEL: the default must be off",
            "source.json:18: /properties/foo_bar: becomes FOO_BAR, as /properties/fooBar does: rename one of them",
        ]
    );
}

#[test]
fn keywords_are_dropped_by_name_or_pointer() {
    let properties = json!({
        "a": { "type": "integer", "multipleOf": 5 },
        "b": { "type": "integer", "multipleOf": 5 },
        "c": { "anyOf": [{ "type": "integer" }, { "type": "string" }] },
        "d": { "type": "object" },
    });
    let drops = "--drop /properties/c/anyOf --drop /properties/d";
    let one = refused(&properties, &format!("--from json-schema {drops} --drop /properties/a/multipleOf"));
    assert_eq!(one.len(), 1, "{one:?}");
    assert!(one[0].contains("/properties/b/multipleOf"), "{one:?}");
    let scene = Scene::empty();
    let schema = json!({ "type": "object", "properties": properties });
    let run = scene.import_schema(&schema, &format!("--from json-schema {drops} --drop multipleOf"));
    assert_eq!(run.code(), 0, "{:?}", run.problems());
    let contract: Value = serde_json::from_str(&run.stdout()).unwrap();
    assert_eq!(contract["properties"]["C"]["type"], "string");
    assert_eq!(contract["properties"].get("D"), None);
}

#[test]
fn masked_default_of_a_secret_is_refused() {
    // As pydantic 2.14 prints a SecretStr with a default.
    let hint = json!({ "default": "**********", "format": "password", "title": "Hint", "type": "string", "writeOnly": true });
    let problems = refused(&json!({ "hint": hint }), "--from pydantic");
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].contains("/properties/hint/default: a secret has no default"), "{problems:?}");
}

#[test]
fn guessed_secret_with_default_names_both_remedies() {
    let properties = json!({ "apiKey": { "type": "string", "default": "dev", "pattern": "^[a-z]+$" } });
    let problems = refused(&properties, "--from zod");
    assert!(problems[0].contains("taken for a secret by its name"), "{problems:?}");
    for keyword in ["default", "pattern"] {
        let remedy = format!("--drop /properties/apiKey/{keyword}, or say --not-secret API_KEY");
        assert!(problems.iter().any(|problem| problem.ends_with(&remedy)), "{problems:?}");
    }
    let run = Scene::empty().import_schema(
        &json!({ "type": "object", "properties": properties }),
        "--from zod --not-secret API_KEY",
    );
    assert_eq!(run.code(), 0, "{:?}", run.problems());
}

#[test]
fn field_required_in_optional_object_is_refused() {
    let db =
        json!({ "type": "object", "properties": { "host": { "type": "string" } }, "required": ["host"] });
    let problems = refused(&json!({ "db": db }), "--from json-schema");
    assert!(problems[0].contains("/properties/db/required: host is required only where"), "{problems:?}");
    let scene = Scene::empty();
    let schema = json!({ "type": "object", "properties": { "db": db }, "required": ["db"] });
    let contract: Value =
        serde_json::from_str(&scene.import_schema(&schema, "--from json-schema").stdout()).unwrap();
    assert_eq!(contract["required"], json!(["DB_HOST"]));
}

#[test]
fn spring_types_without_a_contract_name_the_remedy() {
    let scene = Scene::empty();
    scene.write("source.json", include_str!("fixtures/spring.json"));
    let problems = scene.import("--from spring source.json").problems();
    let of = |pointer: &str| problems.iter().find(|problem| problem.contains(pointer)).unwrap().clone();
    assert!(of("/properties/6/type").contains("is a map, and settings are flat"), "{problems:?}");
    assert!(
        of("/properties/17/type").ends_with("or leave it out with --drop /properties/17"),
        "{problems:?}"
    );
}

#[test]
fn definitions_that_grow_without_bound_are_refused() {
    let mut definitions = json!({ "d0": { "type": "string" } });
    for level in 1..40 {
        let part = json!({ "$ref": format!("#/$defs/d{}", level - 1) });
        definitions[format!("d{level}")] = json!({ "allOf": [part, part] });
    }
    let schema =
        json!({ "type": "object", "properties": { "a": { "$ref": "#/$defs/d39" } }, "$defs": definitions });
    let run = Scene::empty().import_schema(&schema, "--from json-schema");
    assert_eq!(run.code(), 1);
    assert_eq!(run.problems().len(), 1, "{:?}", run.problems());
    assert!(run.problems()[0].ends_with("refers to too many schemas"), "{:?}", run.problems());
}

#[test]
fn text_that_is_no_json_is_refused() {
    let scene = Scene::empty();
    for (text, line) in [("{\n\"a\": }", 2), ("{}\n{}", 2), ("", 1), ("a: b", 1)] {
        scene.write("source.json", text);
        let run = scene.import("--from json-schema source.json");
        assert_eq!(run.code(), 1, "{text}");
        let begin = format!("source.json:{line}: is no JSON: ");
        assert!(run.problems()[0].starts_with(&begin), "{:?}", run.problems());
    }
}

#[test]
fn names_cannot_move_the_cursor() {
    let problems =
        refused(&json!({ "token\u{1b}[2J": { "type": "string", "default": "x" } }), "--from pydantic");
    assert!(
        !problems.is_empty() && !problems.iter().any(|problem| problem.contains('\u{1b}')),
        "{problems:?}"
    );
}
