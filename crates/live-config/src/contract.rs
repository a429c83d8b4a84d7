use regex_lite::Regex;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value};

mod check;

pub(crate) use check::plain_decimal;

/// The settings a service takes, as its settings type declares them: each key with its type, limits and meaning.
///
/// It is read from the type's JSON Schema, so what is published and what is enforced cannot differ. A schema that uses
/// a keyword this crate does not enforce is refused by [`Contract::of`].
#[derive(Debug)]
pub struct Contract {
    schema: Value,
    keys: Vec<Key>,
}

/// One setting.
#[derive(Debug)]
pub struct Key {
    /// Its name, in files and in the environment.
    pub name: String,
    /// Its type and limits.
    pub kind: Kind,
    /// Its value's text where no source gives one.
    pub default: Option<String>,
    /// Whether a configuration without it is refused.
    pub required: bool,
    /// Whether it is never shown.
    pub secret: bool,
    /// What a change asks of the running process.
    pub on_change: OnChange,
    /// What a value must be, in words: `must be …`.
    pub expected: String,
    /// A pattern that a value must not match, and why.
    refused: Option<(Regex, String)>,
    required_when: Option<RequiredWhen>,
    /// Names the wrong parts of a text that the pattern refuses.
    explain: Option<Explain>,
}

/// Names every wrong part of a refused text, in fragments that do not repeat it.
pub type Explain = fn(&str) -> Vec<String>;

/// A setting's type and limits.
#[derive(Debug)]
pub enum Kind {
    /// Text without control characters; lengths in Unicode scalar values.
    Text {
        /// Fewest characters.
        min_length: usize,
        /// Most characters.
        max_length: usize,
        /// What the whole text must match.
        pattern: Option<Regex>,
    },
    /// A whole number in plain decimal.
    Integer {
        /// Least value.
        minimum: i64,
        /// Greatest value.
        maximum: i64,
    },
}

/// What a change of a setting asks of the running process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnChange {
    /// Nothing: the next reader sees it.
    Hot,
    /// Something must be built first, such as a pool.
    Prepare,
}

/// A setting that must not be empty when another one matches a pattern.
#[derive(Debug)]
struct RequiredWhen {
    key: String,
    pattern: Regex,
    because: String,
}

/// A settings type whose schema says something that would not be enforced.
#[derive(Debug, thiserror::Error)]
#[error("settings contract: {key}: {reason}")]
pub struct ContractError {
    key: String,
    reason: String,
}

impl Contract {
    /// Reads the contract of the settings type `S`: a struct of scalar fields.
    ///
    /// # Errors
    /// The first key whose schema this crate could not enforce to the letter.
    pub fn of<S: JsonSchema>() -> Result<Self, ContractError> {
        let generator = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
        Self::from_schema(generator.into_generator().into_root_schema_for::<S>().to_value())
    }

    pub(crate) fn from_schema(schema: Value) -> Result<Self, ContractError> {
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let properties = schema["properties"].as_object().cloned().unwrap_or_default();
        let mut keys = properties
            .iter()
            .map(|(name, schema)| {
                Key::from_schema(name, schema, required.contains(&name.as_str()))
                    .map_err(|reason| ContractError { key: name.clone(), reason })
            })
            .collect::<Result<Vec<_>, _>>()?;
        keys.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self { schema, keys })
    }

    /// Has `explain` name the wrong parts of a text that the pattern of `key` refuses.
    #[must_use]
    pub fn explained_by(mut self, key: &str, explain: Explain) -> Self {
        for key in self.keys.iter_mut().filter(|known| known.name == key) {
            key.explain = Some(explain);
        }
        self
    }

    /// The JSON Schema (draft 2020-12) of the settings, with what it has no words for under `x-…`.
    pub fn schema(&self) -> &Value {
        &self.schema
    }

    /// The keys, sorted by name.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// The key of that name, if the contract has one.
    pub fn key(&self, name: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

impl Key {
    fn from_schema(name: &str, schema: &Value, required: bool) -> Result<Self, String> {
        let schema = schema.as_object().ok_or("is not an object schema")?;
        const KNOWN: [&str; 15] = [
            "type",
            "description",
            "default",
            "pattern",
            "minLength",
            "maxLength",
            "minimum",
            "maximum",
            "not",
            "x-secret",
            "x-on-change",
            "x-expected",
            "x-conceal",
            "x-required-when",
            "writeOnly",
        ];
        if let Some(unknown) = schema.keys().find(|keyword| !KNOWN.contains(&keyword.as_str())) {
            return Err(format!("keyword {unknown:?} is not enforced"));
        }
        let flag = |keyword: &str| schema.get(keyword).and_then(Value::as_bool).unwrap_or(false);
        let key = Self {
            name: name.into(),
            kind: Kind::from_schema(schema)?,
            default: schema.get("default").and_then(text_of_default),
            required,
            secret: flag("x-secret"),
            on_change: match schema.get("x-on-change").and_then(Value::as_str) {
                Some("hot") => OnChange::Hot,
                Some("prepare") => OnChange::Prepare,
                other => return Err(format!("x-on-change must be hot or prepare, not {other:?}")),
            },
            expected: string(schema, "x-expected").ok_or("x-expected is missing")?.into(),
            refused: schema.get("not").map(refused).transpose()?,
            required_when: schema.get("x-required-when").map(RequiredWhen::from_schema).transpose()?,
            explain: None,
        };
        match &key.kind {
            Kind::Text { pattern: Some(_), .. } if key.secret => Err("a secret has no pattern".into()),
            Kind::Text { .. } | Kind::Integer { .. } => Ok(key),
        }
    }
}

impl Kind {
    fn from_schema(schema: &Map<String, Value>) -> Result<Self, String> {
        match string(schema, "type") {
            Some("string") => {
                let length = |keyword: &str| schema.get(keyword).and_then(Value::as_u64).map(|n| n as usize);
                Ok(Self::Text {
                    min_length: length("minLength").unwrap_or(0),
                    max_length: length("maxLength").ok_or("a text needs maxLength")?,
                    pattern: string(schema, "pattern").map(whole_text_pattern).transpose()?,
                })
            }
            Some("integer") => {
                let bound = |keyword: &str| {
                    schema.get(keyword).and_then(Value::as_i64).ok_or(format!("an integer needs {keyword}"))
                };
                Ok(Self::Integer { minimum: bound("minimum")?, maximum: bound("maximum")? })
            }
            other => Err(format!("type {other:?} is not one of string, integer")),
        }
    }
}

impl RequiredWhen {
    fn from_schema(value: &Value) -> Result<Self, String> {
        let part = |name: &str| value[name].as_str().ok_or(format!("x-required-when needs {name}"));
        Ok(Self {
            key: part("key")?.into(),
            pattern: pattern(part("pattern")?)?,
            because: part("because")?.into(),
        })
    }
}

fn refused(not: &Value) -> Result<(Regex, String), String> {
    let part = |name: &str| not[name].as_str().ok_or(format!("not needs {name}"));
    Ok((pattern(part("pattern")?)?, part("description")?.into()))
}

/// Elsewhere a pattern is searched for, not matched whole; anchors make both the same.
fn whole_text_pattern(text: &str) -> Result<Regex, String> {
    if text.starts_with("^(?:") && text.ends_with(")$") {
        pattern(text)
    } else {
        Err("a pattern must have the form ^(?:…)$".into())
    }
}

fn pattern(text: &str) -> Result<Regex, String> {
    Regex::new(text).map_err(|error| format!("pattern: {error}"))
}

fn string<'a>(schema: &'a Map<String, Value>, keyword: &str) -> Option<&'a str> {
    schema.get(keyword).and_then(Value::as_str)
}

/// An optional field's default is null: no value at all.
fn text_of_default(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => Some(value.to_string()),
    }
}

#[cfg(test)]
mod tests;
