use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// The maximum number of database connections of one replica.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct MaxConnections(u16);

impl MaxConnections {
    /// Returns the number, 1 to 1000.
    pub fn get(self) -> u16 {
        self.0
    }
}

impl Default for MaxConnections {
    fn default() -> Self {
        Self(30)
    }
}

impl JsonSchema for MaxConnections {
    fn schema_name() -> Cow<'static, str> {
        "MaxConnections".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "integer",
            "minimum": 1,
            "maximum": 1000,
            "x-expected": "a whole number from 1 to 1000",
        })
    }
}
