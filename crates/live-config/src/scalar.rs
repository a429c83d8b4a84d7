//! Checked texts, handed to serde as the scalars their keys say they are.

use serde::de::value::{Error, MapDeserializer};
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

/// One checked value on its way into the settings type. Secrets are borrowed, never copied on the way.
#[derive(Clone, Copy)]
pub(crate) enum Scalar<'a> {
    Text(&'a str),
    Integer(i64),
}

/// Builds the settings type from checked values.
///
/// # Errors
/// The type refuses what its own schema accepts; the message may name a value, so it is for developers only.
pub(crate) fn settings<'a, S: DeserializeOwned>(
    values: impl Iterator<Item = (&'a str, Scalar<'a>)>,
) -> Result<S, Error> {
    S::deserialize(MapDeserializer::new(values))
}

impl<'a> IntoDeserializer<'a, Error> for Scalar<'a> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Scalar<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Text(text) => visitor.visit_str(text),
            Self::Integer(number) => visitor.visit_i64(number),
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

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
