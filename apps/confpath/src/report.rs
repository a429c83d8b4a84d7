//! The two forms of a verdict.

pub(crate) mod json;
pub(crate) mod text;
