//! Random contracts as JSON Schema, and random texts for their settings, many of them near a limit: for tests that compare the
//! verdicts of readers. The same seed gives the same contracts and texts.

mod text;

use std::collections::BTreeMap;

use fastrand::Rng;
use serde_json::{Map, Value, json};

use text::{PATTERNS, text_for};

/// Names that are words of some language, or that differ little. No two differ in case only.
const NAMES: [&str; 44] = [
    "CLASS",
    "CLASS_",
    "FROM",
    "TYPE",
    "DEFAULT",
    "SELF",
    "A_B",
    "A__B",
    "AB",
    "_X",
    "__INIT",
    "_1",
    "lower_case",
    "MixedCase",
    "TO_STRING",
    "HASH_CODE",
    "GET_CLASS",
    "PATH",
    "SECRET",
    "SETTINGS",
    "LOAD",
    "STRING",
    "LIST",
    "INT",
    "MAP",
    "CONSTRUCTOR",
    "TEXTS",
    "TEXT",
    "RULES",
    "DURATION",
    "OPTIONAL",
    "DATABASE_URL",
    "ID",
    "X1",
    "NULL",
    "TRUE",
    "RECORD",
    "CONFIG_ERROR",
    "DIRECTORY",
    "ENVIRONMENT",
    "API_URL",
    "KEY_A",
    "PROTO",
    "MAX_CONNECTIONS",
];

/// Patterns that are searched for.
const SEARCHED: [&str; 8] = ["^a", "[0-9]$", "x|y", ".b", r"^(?:true|5)$", r"\W", "", r"^[^\w|&]+$"];

/// The number of contracts that a test tries: `otherwise`, unless the variable `CONTRACTS` asks for another.
///
/// # Panics
/// The variable is no number.
pub fn number(otherwise: usize) -> usize {
    let asked = std::env::var("CONTRACTS").ok();
    asked.map_or(otherwise, |number| number.parse().expect("CONTRACTS is a number"))
}

/// A contract of one to eight settings of random types, limits and rules. Nearly each is valid: a default may be a text that
/// its own key's rules refuse.
pub fn schema(random: &mut Rng) -> Value {
    let mut names = NAMES;
    random.shuffle(&mut names);
    let names = &names[..random.usize(1..=8)];
    let mut properties = Map::new();
    let mut required = Vec::new();
    for name in names {
        properties.insert((*name).into(), setting(random, names));
        if random.u8(..4) == 0 {
            required.push(*name);
        }
    }
    json!({ "type": "object", "properties": properties, "required": required })
}

/// Texts for some of the settings of a schema.
pub fn texts(schema: &Value, random: &mut Rng) -> BTreeMap<String, String> {
    let properties = schema["properties"].as_object().into_iter().flatten();
    let mut texts = BTreeMap::new();
    for (name, property) in properties {
        if random.u8(..5) > 0 {
            texts.insert(name.clone(), text_for(property, random));
        }
    }
    texts
}

fn setting(random: &mut Rng, names: &[&str]) -> Value {
    let mut property = match random.u8(..8) {
        0 => {
            let mut list = json!({ "type": "array", "items": scalar(random) });
            bounds(&mut list, ["minItems", "maxItems"], 0..=2, 3, random);
            list
        }
        1 => {
            let mut secret = json!({ "type": "string", "x-secret": true });
            bounds(&mut secret, ["minLength", "maxLength"], 0..=3, 5, random);
            secret
        }
        _ => scalar(random),
    };
    if random.u8(..3) == 0 && property.get("x-secret").is_none() {
        property["default"] = text_for(&property, random).into();
    }
    if random.u8(..6) == 0 {
        let pattern = SEARCHED[random.usize(..SEARCHED.len())];
        property["not"] = json!({ "pattern": pattern, "description": "must not be \"so\", \\u0041 or `*/`" });
    }
    if random.u8(..6) == 0 {
        let (pattern, other) = (random.choice(SEARCHED), random.choice(names));
        property["x-required-when"] =
            json!({ "key": other, "pattern": pattern, "because": "it's \"so\" — é" });
    }
    if random.u8(..4) == 0 {
        property["x-expected"] = "as \"said\", \\n or ${x} #{y} %s `z`".into();
    }
    if random.bool() {
        property["description"] = "A setting: \"quoted\", \\u0041,\n*/ <b>&amp; @see \"\"\" é`".into();
    }
    property
}

fn scalar(random: &mut Rng) -> Value {
    match random.u8(..8) {
        0 => {
            let mut text = json!({ "type": "string" });
            bounds(&mut text, ["minLength", "maxLength"], 0..=4, 6, random);
            text
        }
        1 => {
            let mut text = json!({ "type": "string", "pattern": PATTERNS[random.usize(..PATTERNS.len())].0 });
            bounds(&mut text, ["minLength", "maxLength"], 0..=2, 9, random);
            text
        }
        2 => json!({ "type": "string", "format": random.choice(["uri", "hostname", "ip", "path"]) }),
        3 => {
            json!({ "type": "string", "enum": random.choice([json!(["a"]), json!(["", "a b", "x|y", "é"]), json!(["true", "5", "\"q\"", "$\\"])]) })
        }
        4 => integer(random),
        5 => {
            let mut number = json!({ "type": "number" });
            let limits = [-7.25, -1.0, -0.5, 0.0, 0.1, 0.3, 2.0, 1000.0, 123_456.789];
            let (least, most) = two_of(&limits, random);
            if random.bool() {
                number["minimum"] = least.into();
            }
            if random.bool() {
                number["maximum"] = most.into();
            }
            number
        }
        6 => json!({ "type": "boolean" }),
        _ => {
            let mut duration = json!({ "type": "string", "format": "duration-text" });
            let limits = ["0s", "1ms", "1500ms", "30s", "2m", "1h", "48h"];
            let (least, most) = two_of(&limits, random);
            if random.bool() {
                duration["x-minimum"] = least.into();
            }
            if random.bool() {
                duration["x-maximum"] = most.into();
            }
            duration
        }
    }
}

fn integer(random: &mut Rng) -> Value {
    let mut integer = json!({ "type": "integer" });
    if random.bool() {
        integer["format"] = random.choice(["int8", "int32", "int64", "uint16", "uint64"]).into();
        return integer;
    }
    let limits = [i64::MIN, -9_007_199_254_740_993, -128, -1, 0, 5, 65_535, 4_294_967_296, i64::MAX];
    let (least, most) = two_of(&limits, random);
    integer["minimum"] = least.into();
    integer["maximum"] = most.into();
    integer
}

/// Two of the limits of a table in ascending order, or one twice.
fn two_of<T: Copy>(limits: &[T], random: &mut Rng) -> (T, T) {
    let (one, other) = (random.usize(..limits.len()), random.usize(..limits.len()));
    (limits[one.min(other)], limits[one.max(other)])
}

/// Adds none, one or both of two limits, the lower one from `low` and the upper one up to `high`.
fn bounds(
    property: &mut Value,
    [least, most]: [&str; 2],
    low: std::ops::RangeInclusive<u8>,
    high: u8,
    random: &mut Rng,
) {
    let lower = random.u8(low);
    if random.bool() {
        property[least] = lower.into();
    }
    if random.bool() {
        property[most] = random.u8(lower..=high).into();
    }
}
