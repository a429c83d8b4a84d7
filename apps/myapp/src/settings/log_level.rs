use chassis::telemetry::Level;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The names of a level. JSON Schema has no match in any case.
const ANY_CASE: &str = "^(?:\
    [Tt][Rr][Aa][Cc][Ee]|[Dd][Ee][Bb][Uu][Gg]|[Ii][Nn][Ff][Oo]|[Ww][Aa][Rr][Nn]|[Ww][Aa][Rr][Nn][Ii][Nn][Gg]|\
    [Ee][Rr][Rr][Oo][Rr]|[Cc][Rr][Ii][Tt][Ii][Cc][Aa][Ll])$";

/// The least severe level that is logged.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct LogLevel(
    #[schemars(
        with = "String",
        length(max = 8),
        regex(pattern = ANY_CASE),
        extend("x-expected" = "trace, debug, info, warn, warning, error or critical")
    )]
    pub Level,
);

impl Default for LogLevel {
    fn default() -> Self {
        Self(Level::Error)
    }
}
