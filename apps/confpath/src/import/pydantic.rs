//! pydantic v2 and pydantic-settings: `Settings.model_json_schema()`.

use contract::format_duration;
use serde_json::Value;

use super::dialect::{Dialect, Subject};
use super::durations::{NO_DURATION, iso_8601, of_seconds};

/// The dialect. A required field that may be `None` must be given: no variable holds `None`.
pub(super) const DIALECT: Dialect = Dialect { adjust, null_is_absent: false };

fn adjust(subject: &mut Subject<'_>) {
    drop_made_title(subject);
    // A set of pydantic takes equal items for one.
    subject.keywords.take("uniqueItems");
    match subject.keywords.text("format") {
        "password" => masked_default(subject),
        // Any text is a path to pydantic.
        "path" => drop(subject.keywords.take("format")),
        "multi-host-uri" => subject.set("format", "uri"),
        "ipvanyaddress" => subject.set("format", "ip"),
        "duration" | "time-delta" => duration(subject),
        _ => {}
    }
    if [r"\d", r"\w"].iter().any(|class| subject.keywords.text("pattern").contains(class)) {
        subject.note(
            r"\d and \w are ASCII in a contract; pydantic also takes digits and letters of other scripts",
        );
    }
    if subject.keywords.text("type") == "array" {
        subject.note(r#"pydantic reads a list as JSON: write ["a","b"]"#);
    }
}

/// Drops the title that pydantic makes of a name, which says nothing more.
fn drop_made_title(subject: &mut Subject<'_>) {
    let letters = |text: &str| -> String {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let name = subject.place.pointer.rsplit('/').next().unwrap_or_default();
    if letters(name) == letters(subject.keywords.text("title")) {
        subject.keywords.take("title");
    }
}

/// Refuses a default that is printed as stars.
fn masked_default(subject: &mut Subject<'_>) {
    if subject.keywords.text("default").is_empty() {
        return;
    }
    let pointer = subject.keywords.place("default").map(|place| place.pointer.clone()).unwrap_or_default();
    let message = format!(
        "a secret has no default: everyone who reads the code would know it; make the field required, or leave the default \
         out with --drop {pointer}"
    );
    subject.refuse("default", message);
}

fn duration(subject: &mut Subject<'_>) {
    let default = subject.keywords.get("default").map(|default| match default {
        Value::String(text) => iso_8601(text),
        Value::Number(seconds) => of_seconds(&seconds.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    });
    match default {
        Some(Some(default)) => subject.set("default", format_duration(default)),
        Some(None) => subject.refuse("default", NO_DURATION),
        None => {}
    }
    subject.set("type", "string");
    subject.set("format", "duration-text");
    subject
        .note("is written 30s in a contract, and PT30S or seconds for pydantic: have the service parse it");
}
