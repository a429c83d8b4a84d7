use std::borrow::Cow;

use chassis::telemetry::Level;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize, Serializer};

/// Accepted names of a log level, in any case.
const NAMES: [(&str, Level); 7] = [
    ("trace", Level::Trace),
    ("debug", Level::Debug),
    ("info", Level::Info),
    ("warn", Level::Warn),
    ("warning", Level::Warn),
    ("error", Level::Error),
    ("critical", Level::Critical),
];

/// The least severe level that is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogLevel(pub Level);

impl Default for LogLevel {
    fn default() -> Self {
        Self(Level::Error)
    }
}

impl<'de> Deserialize<'de> for LogLevel {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        NAMES
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(&text))
            .map(|(_, level)| Self(*level))
            .ok_or_else(|| D::Error::custom("unknown log level"))
    }
}

/// Serialises the first name of the level; the schema shows the default in this form.
impl Serialize for LogLevel {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let name = NAMES.iter().find(|(_, level)| level == &self.0).map_or("", |(name, _)| name);
        serializer.serialize_str(name)
    }
}

impl JsonSchema for LogLevel {
    fn schema_name() -> Cow<'static, str> {
        "LogLevel".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        // JSON Schema has no case-insensitive match.
        let any_case = |name: &str| -> String {
            name.chars().map(|c| format!("[{}{c}]", c.to_ascii_uppercase())).collect()
        };
        let names = NAMES.map(|(name, _)| any_case(name)).join("|");
        json_schema!({
            "type": "string",
            "maxLength": 8,
            "pattern": format!("^(?:{names})$"),
            "x-expected": "trace, debug, info, warn, warning, error or critical",
        })
    }
}
