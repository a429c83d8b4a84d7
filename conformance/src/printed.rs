//! Typed values in the form in which drivers print them.

use contract::{Key, Kind, Value, parse_duration};
use serde_json::Value as Json;

/// Prints the typed value of a valid text: a text for a scalar, with durations in milliseconds, and an array for a list. `None` for a
/// text that is not valid.
#[must_use]
pub fn printed(key: &Key, text: &str) -> Option<Json> {
    Some(of_value(&key.value(text)?, is_duration(&key.kind)))
}

/// Returns true if two printed values of a setting are the same. Languages print the same number in several ways.
#[must_use]
pub fn is_same(kind: &Kind, a: &Json, b: &Json) -> bool {
    match (kind, a, b) {
        (Kind::List { items, .. }, Json::Array(a), Json::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(items, a, b))
        }
        (Kind::Number { .. }, Json::String(a), Json::String(b)) => {
            let parsed = |text: &str| text.parse::<f64>().ok();
            parsed(a).is_some() && parsed(a) == parsed(b)
        }
        _ => a == b,
    }
}

fn is_duration(kind: &Kind) -> bool {
    if let Kind::List { items, .. } = kind {
        return is_duration(items);
    }
    matches!(kind, Kind::Duration { .. })
}

fn of_value(value: &Value<'_>, is_duration: bool) -> Json {
    match value {
        Value::Text(text) if is_duration => {
            parse_duration(text).map_or(Json::Null, |duration| duration.as_millis().to_string().into())
        }
        Value::Text(text) => text.as_ref().into(),
        Value::Integer(number) => number.to_string().into(),
        Value::Number(number) => number.to_string().into(),
        Value::Boolean(switch) => switch.to_string().into(),
        Value::List(items) => items.iter().map(|item| of_value(item, is_duration)).collect(),
    }
}
