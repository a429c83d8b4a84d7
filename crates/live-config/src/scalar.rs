//! Checked values, deserialized into the settings type.

use contract::Value;
use serde::de::value::{Error, MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

/// One checked value on its way into the settings type. Secrets are borrowed, never copied on the way.
pub(crate) struct Checked<'a>(pub(crate) Value<'a>);

/// Builds the settings type from checked values.
///
/// # Errors
/// The type refuses what its own schema accepts; the message may name a value, so it is for developers only.
pub(crate) fn settings<'a, S: DeserializeOwned>(
    values: impl Iterator<Item = (&'a str, Checked<'a>)>,
) -> Result<S, Error> {
    S::deserialize(MapDeserializer::new(values))
}

impl<'a> IntoDeserializer<'a, Error> for Checked<'a> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Checked<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Text(text) => visitor.visit_str(&text),
            Value::Integer(number) => match (i64::try_from(number), u64::try_from(number)) {
                (Ok(number), _) => visitor.visit_i64(number),
                (Err(_), Ok(number)) => visitor.visit_u64(number),
                (Err(_), Err(_)) => visitor.visit_i128(number),
            },
            Value::Number(number) => visitor.visit_f64(number),
            Value::Boolean(switch) => visitor.visit_bool(switch),
            Value::List(items) => visitor.visit_seq(SeqDeserializer::new(items.into_iter().map(Checked))),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    /// A text names a variant without fields.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            Value::Text(text) => visitor.visit_enum(text.into_deserializer()),
            Value::Integer(_) | Value::Number(_) | Value::Boolean(_) | Value::List(_) => {
                self.deserialize_any(visitor)
            }
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct identifier ignored_any
    }
}
