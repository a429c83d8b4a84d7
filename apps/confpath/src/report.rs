//! The forms of verdicts and comparisons.

pub(crate) mod diff;
pub(crate) mod json;
mod markdown;
pub(crate) mod text;
