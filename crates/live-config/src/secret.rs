use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

/// A secret value: erased from memory when dropped, and silent.
///
/// It has no `Debug`, `Display` or `Serialize`, so that no derive, log line or response can print it by accident.
/// [`Secret::expose`] is the only way out, and easy to find in a review.
///
/// ```compile_fail
/// println!("{:?}", live_config::Secret::from(String::from("hush")));
/// ```
#[derive(Default)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The value itself. Every caller answers for where it goes.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Returns true if the value has no characters.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self(Zeroizing::new(value))
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

/// Type and length only, never a pattern: validators print what a pattern refuses.
impl JsonSchema for Secret {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Secret".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "maxLength": 4096, "x-secret": true })
    }
}
