//! One setting.

use serde_json::Value;

use crate::kind::Kind;
use crate::on_change::OnChange;
use crate::rules::{Refused, RequiredWhen};
use crate::schema::Property;

/// Function that names every wrong part of a refused text, in fragments that do not repeat it.
pub type Explain = fn(&str) -> Vec<String>;

/// One setting.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Key {
    /// Name in files and in the environment.
    pub name: String,
    /// Meaning, on one line; empty if the schema has no description.
    pub description: String,
    /// Type and limits.
    pub kind: Kind,
    /// Text of the value where no source gives one.
    pub default: Option<String>,
    /// True if a configuration without it is refused.
    pub required: bool,
    /// True if it is never shown.
    pub secret: bool,
    /// True if a refused value may hold a secret by mistake, and is not shown either.
    pub concealed: bool,
    /// Effect of a change.
    pub on_change: OnChange,
    /// The values in words: `must be …`.
    pub expected: String,
    /// A pattern that a value must not match.
    pub refused: Option<Refused>,
    /// A condition under which it must be given.
    pub required_when: Option<RequiredWhen>,
    pub(crate) explain: Option<Explain>,
}

impl Key {
    /// Reads one property of the schema.
    ///
    /// # Errors
    /// Every reason why it could not be enforced to the letter.
    pub(crate) fn from_schema(name: &str, schema: &Value, required: bool) -> Result<Self, Vec<String>> {
        let property = Property::of(schema).map_err(|reason| vec![reason])?;
        let mut reasons = property.unknown_keywords();
        let mut collect = |reason: String| reasons.push(reason);
        let kind = property.kind().map_err(&mut collect).ok();
        let on_change = property.on_change().map_err(&mut collect).ok();
        let refused = property.keyword("not").map(Refused::from_schema).transpose();
        let refused = refused.map_err(&mut collect).ok();
        let required_when = property.keyword("x-required-when").map(RequiredWhen::from_schema).transpose();
        let required_when = required_when.map_err(&mut collect).ok();
        let secret = property.flag("x-secret");
        if !is_exportable(name) {
            reasons
                .push("no shell can export this name: use letters, digits and _, not a digit first".into());
        }
        let default = property.keyword("default").map(text_of_default);
        if secret {
            reasons.extend(errors_of_secret(kind.as_ref(), default.as_deref()));
        }
        let (Some(kind), Some(on_change), Some(refused), Some(required_when), true) =
            (kind, on_change, refused, required_when, reasons.is_empty())
        else {
            return Err(reasons);
        };
        let key = Self {
            name: name.into(),
            description: property.text("description").split_whitespace().collect::<Vec<_>>().join(" "),
            expected: match property.text("x-expected") {
                "" => kind.expected(),
                sentence => sentence.to_owned(),
            },
            kind,
            default,
            required: required && !property.is_nullable,
            secret,
            concealed: property.flag("x-conceal"),
            on_change,
            refused,
            required_when,
            explain: None,
        };
        match key.default.as_deref().map(|default| key.violations(default)) {
            Some(violations) if !violations.is_empty() => {
                Err(violations.into_iter().map(|why| format!("the default {why}")).collect())
            }
            _ => Ok(key),
        }
    }
}

/// Reasons why a secret of this type and with this default would be shown, or known to everyone.
fn errors_of_secret(kind: Option<&Kind>, default: Option<&str>) -> Vec<String> {
    let of_kind = match kind {
        Some(Kind::Text { pattern: None, .. }) | None => None,
        Some(Kind::Text { .. }) => Some("a secret has no pattern"),
        Some(_) => Some("a secret must be text"),
    };
    let has_default = default.is_some_and(|default| !default.is_empty());
    let of_default =
        has_default.then_some("a secret has no default: everyone who reads the contract would know it");
    of_kind.into_iter().chain(of_default).map(str::to_owned).collect()
}

/// Returns true for the name of a variable as POSIX defines it (Base Definitions, 3.216), in either case.
fn is_exportable(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn text_of_default(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            value.to_string()
        }
    }
}
