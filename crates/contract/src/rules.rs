//! Rules of a key beside its type.

use serde_json::Value;

use crate::pattern::Pattern;

/// A pattern that a value must not match.
#[derive(Clone, Debug)]
pub struct Refused {
    /// The pattern.
    pub pattern: Pattern,
    /// The sentence for a value that matches.
    pub because: String,
}

/// A condition under which a setting must be given: another one matches a pattern.
#[derive(Clone, Debug)]
pub struct RequiredWhen {
    /// The other setting.
    pub key: String,
    /// Its pattern.
    pub pattern: Pattern,
    /// The condition in words.
    pub because: String,
}

impl Refused {
    /// Reads the keyword `not`, of which a pattern and a description are enforced.
    pub(crate) fn from_schema(not: &Value) -> Result<Self, String> {
        only(not, "not", &["pattern", "description"])?;
        Ok(Self {
            pattern: Pattern::new(part(not, "not", "pattern")?)?,
            because: part(not, "not", "description")?.into(),
        })
    }
}

impl RequiredWhen {
    /// Reads the keyword `x-required-when`.
    pub(crate) fn from_schema(rule: &Value) -> Result<Self, String> {
        let word = "x-required-when";
        only(rule, word, &["key", "pattern", "because"])?;
        Ok(Self {
            key: part(rule, word, "key")?.into(),
            pattern: Pattern::new(part(rule, word, "pattern")?)?,
            because: part(rule, word, "because")?.into(),
        })
    }
}

fn part<'a>(rule: &'a Value, word: &str, name: &str) -> Result<&'a str, String> {
    rule[name].as_str().ok_or(format!("{word} needs {name}"))
}

fn only(rule: &Value, word: &str, known: &[&str]) -> Result<(), String> {
    let unknown = rule.as_object().and_then(|rule| rule.keys().find(|name| !known.contains(&name.as_str())));
    unknown.map_or(Ok(()), |name| Err(format!("{word}: keyword {name:?} is not enforced")))
}
