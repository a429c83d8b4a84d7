//! `anyOf` and `oneOf`: alternatives that are one type.

use serde_json::{Value, json};

use super::resolve::Resolver;
use crate::document::Entry;
use crate::import::place::Place;
use crate::import::schema::Schema;

/// The pattern of pydantic's `Decimal` as text, beside which stands a number: the same digits.
const DECIMAL: &str = r"^(?!^[-+.]*$)[+-]?0*\d*\.?\d*$";

impl<'a> Resolver<'a> {
    /// The one schema that all alternatives but `null` are.
    pub(super) fn alternatives(&mut self, entry: &'a Entry, place: &Place) -> Schema<'a> {
        let parts = self.all(entry, place);
        let n_parts = parts.len();
        let mut parts: Vec<_> = parts.into_iter().filter(|part| !part.is_null()).collect();
        let is_nullable = parts.len() < n_parts;
        let united = match parts.len() {
            1 => Some(parts.remove(0)),
            _ => choice(place, &parts).or_else(|| addresses(place, &parts)).or_else(|| decimal(parts)),
        };
        let Some(mut schema) = united else {
            let message = format!(
                "keyword {:?} has several types, and a setting has one: choose one, or take any text with --drop {}",
                entry.name, place.pointer
            );
            self.refuse(place, message);
            // One sentence is enough: that the type is missing follows.
            return Schema { is_untyped: true, ..Schema::new(place) };
        };
        schema.is_nullable |= is_nullable;
        schema
    }
}

/// Constants and enums as one enum.
fn choice<'a>(place: &Place, parts: &[Schema<'a>]) -> Option<Schema<'a>> {
    const PLAIN: [&str; 5] = ["type", "const", "enum", "title", "description"];
    let mut values: Vec<Value> = Vec::new();
    for part in parts {
        part.keywords.iter().all(|(name, _)| PLAIN.contains(&name)).then_some(())?;
        let more = match (part.keywords.get("const"), part.keywords.get("enum")) {
            (Some(value), None) => std::slice::from_ref(value),
            (None, Some(Value::Array(more))) => more,
            _ => return None,
        };
        for value in more {
            if !values.contains(value) {
                values.push(value.clone());
            }
        }
    }
    let kind = parts.first()?.keywords.get("type");
    parts.iter().all(|part| part.keywords.get("type") == kind).then_some(())?;
    let mut schema = Schema::new(place);
    if let Some(kind) = kind {
        schema.keywords.set("type", kind.clone(), place);
    }
    schema.keywords.set("enum", values, place);
    schema.is_nullable = parts.iter().any(|part| part.is_nullable);
    Some(schema)
}

/// IPv4 and IPv6 as one format.
fn addresses<'a>(place: &Place, parts: &[Schema<'a>]) -> Option<Schema<'a>> {
    const PLAIN: [&str; 3] = ["type", "format", "title"];
    let are_plain = parts.iter().all(|part| part.keywords.iter().all(|(name, _)| PLAIN.contains(&name)));
    let mut formats: Vec<_> = parts.iter().map(|part| part.keywords.text("format")).collect();
    formats.sort_unstable();
    (are_plain && formats == ["ipv4", "ipv6"]).then_some(())?;
    let mut schema = Schema::new(place);
    schema.keywords.set("type", "string", place);
    schema.keywords.set("format", "ip", place);
    Some(schema)
}

/// A number, or the text of one.
fn decimal(parts: Vec<Schema<'_>>) -> Option<Schema<'_>> {
    let is_text_of_number = |part: &Schema<'_>| part.keywords.get("pattern") == Some(&json!(DECIMAL));
    let n_texts = parts.iter().filter(|part| is_text_of_number(part)).count();
    let mut others = parts.into_iter().filter(|part| !is_text_of_number(part));
    let number = others.next().filter(|part| part.keywords.text("type") == "number")?;
    (n_texts == 1 && others.next().is_none()).then_some(number)
}
