//! One schema of JSON Schema in keywords of a contract.

use serde_json::{Value, json};

use super::dialect::{Dialect, Subject};
use super::draft::Draft;
use super::drops::unenforced;
use super::keywords::{ANNOTATIONS, Keywords};
use super::schema::Schema;
use super::{formats, numbers, pattern};

/// Words of a contract beside JSON Schema.
const WORDS: [&str; 6] = ["not", "x-secret", "x-on-change", "x-expected", "x-conceal", "x-required-when"];

/// The keywords of a setting; `None` for one without a type. What cannot be enforced is refused in `draft`.
pub(super) fn convert(
    schema: Schema<'_>,
    dialect: &Dialect,
    name: &str,
    draft: &mut Draft,
) -> Option<Keywords> {
    let Schema { place, mut keywords, items, is_untyped, .. } = schema;
    let mut subject = Subject { name, keywords: &mut keywords, place: &place, draft };
    if let Some(constant) = subject.keywords.take("const") {
        subject.keywords.insert("enum", vec![constant.value].into(), constant.place);
    }
    if !subject.settle_type(is_untyped) {
        return None;
    }
    (dialect.adjust)(&mut subject);
    subject.refuse_unknown();
    match subject.keywords.text("type") {
        "string" => subject.text(),
        "integer" => numbers::integer(&mut subject),
        "number" => numbers::number(&mut subject),
        "boolean" => subject.switch(),
        _ => {
            let items = items.and_then(|items| convert(*items, dialect, name, subject.draft));
            subject.list(items);
        }
    }
    Some(keywords)
}

impl Subject<'_> {
    /// Gives a setting its one type; `false` if it has none.
    fn settle_type(&mut self, is_untyped: bool) -> bool {
        let found = self.keywords.get("type").cloned().or_else(|| self.type_of_values());
        let found = match found {
            None if is_untyped => json!("string"),
            None => {
                let pointer = &self.place.pointer;
                let message = format!("has no type: give one, or take any text with --drop {pointer}/type");
                self.refuse("type", message);
                return false;
            }
            Some(found) => found,
        };
        if found == json!(["integer", "number"]) || found == json!(["number", "integer"]) {
            self.set("type", "number");
            return true;
        }
        if !["string", "integer", "number", "boolean", "array"].iter().any(|known| found == *known) {
            self.refuse(
                "type",
                format!("type {found} is not one of string, integer, number, boolean, array"),
            );
            return false;
        }
        self.set("type", found);
        true
    }

    /// The type of an enum that names none.
    fn type_of_values(&self) -> Option<Value> {
        let values = self.keywords.get("enum")?.as_array()?;
        let are = |is: fn(&Value) -> bool| !values.is_empty() && values.iter().all(is);
        let known = [
            ("string", are(Value::is_string)),
            ("integer", are(|value| value.is_i64() || value.is_u64())),
            ("number", are(Value::is_number)),
            ("boolean", are(Value::is_boolean)),
        ];
        known.into_iter().find(|(_, is)| *is).map(|(kind, _)| kind.into())
    }

    fn refuse_unknown(&mut self) {
        let is_duration = self.keywords.text("format") == "duration-text";
        let of_type: &[&str] = match self.keywords.text("type") {
            "string" if is_duration => &["x-minimum", "x-maximum", "format"],
            "string" => &["minLength", "maxLength", "pattern", "enum", "format"],
            "integer" | "number" => &[
                "minimum",
                "maximum",
                "exclusiveMinimum",
                "exclusiveMaximum",
                "multipleOf",
                "enum",
                "format",
            ],
            "boolean" => &["enum"],
            _ => &["items", "minItems", "maxItems", "uniqueItems"],
        };
        let is_known = |name: &str| {
            name == "type" || of_type.contains(&name) || WORDS.contains(&name) || ANNOTATIONS.contains(&name)
        };
        let unknown: Vec<_> = self
            .keywords
            .iter()
            .filter(|(name, _)| !is_known(name))
            .map(|(name, _)| name.to_owned())
            .collect();
        for name in unknown {
            self.refuse(&name, unenforced(&name));
        }
    }

    fn text(&mut self) {
        if self.keywords.get("enum").is_some_and(|values| !are_texts(values)) {
            self.refuse("enum", "must list texts: a contract has no other choices");
        }
        if self.keywords.text("format") == "password" {
            self.keywords.take("format");
            self.set("x-secret", true);
        }
        if let Some(Value::Number(default)) = self.keywords.get("default") {
            let text = default.to_string();
            self.set("default", text);
        }
        self.pattern();
        self.format();
    }

    fn pattern(&mut self) {
        let Some(text) = self.keywords.get("pattern") else { return };
        match text.as_str().ok_or("must be text".to_owned()).and_then(pattern::of_whole_text) {
            Ok(text) => self.set("pattern", text),
            Err(reason) => {
                let remedy = "give another pattern by hand, or leave it out with --drop pattern";
                self.refuse("pattern", format!("the pattern {reason}: {remedy}"));
            }
        }
    }

    fn format(&mut self) {
        let format = self.keywords.text("format").to_owned();
        if ["", "uri", "hostname", "ip", "path", "duration-text"].contains(&format.as_str()) {
            return;
        }
        let Some((pattern, expected)) = formats::pattern_of(&format) else {
            let reason = match format.as_str() {
                "duration" => ", whose durations are written 30s",
                _ => "",
            };
            let message = format!(
                "format {format:?} is not enforced by a contract{reason}: give a pattern, or leave it out with --drop format"
            );
            self.refuse("format", message);
            return;
        };
        if self.keywords.get("pattern").is_some() {
            return self.refuse(
                "format",
                "stands beside a pattern, and one of both is enforced: leave out the other with --drop",
            );
        }
        let place = self.keywords.take("format").map(|format| format.place);
        self.keywords.insert("pattern", pattern.into(), place.unwrap_or_else(|| self.place.clone()));
        if self.keywords.get("x-expected").is_none() {
            self.set("x-expected", expected);
        }
    }

    fn switch(&mut self) {
        let Some(values) = self.keywords.get("enum") else { return };
        if [true, false]
            .iter()
            .all(|value| values.as_array().is_some_and(|values| values.contains(&json!(value))))
        {
            self.keywords.take("enum");
        } else {
            self.refuse(
                "enum",
                "accepts one of true and false only, which is no setting: leave it out with --drop",
            );
        }
    }

    fn list(&mut self, items: Option<Keywords>) {
        match self.keywords.get("uniqueItems") {
            Some(Value::Bool(false)) => drop(self.keywords.take("uniqueItems")),
            Some(_) => self.refuse("uniqueItems", unenforced("uniqueItems")),
            None => {}
        }
        match items {
            // Annotations of items have no place in a contract: they restrict nothing.
            Some(items) => {
                let items = items.iter().filter(|(name, _)| !ANNOTATIONS.contains(name));
                let items: serde_json::Map<_, _> =
                    items.map(|(name, keyword)| (name.to_owned(), keyword.value.clone())).collect();
                self.set("items", items);
            }
            None => self.refuse("items", "a list needs items of one type"),
        }
    }
}

fn are_texts(values: &Value) -> bool {
    values.as_array().is_some_and(|values| values.iter().all(Value::is_string))
}
