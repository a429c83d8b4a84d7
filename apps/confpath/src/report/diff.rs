//! The forms of a comparison.

pub(crate) mod json;
pub(crate) mod markdown;
pub(crate) mod text;
mod words;
