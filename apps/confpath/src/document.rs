//! Trees of YAML and JSON with the line of each part.

mod json;
mod node;
mod scalar;
mod yaml;

pub(crate) use json::{Pointers, pointers};
pub(crate) use node::{Content, Document, Entry, Fault, Map, Node};
pub(crate) use scalar::Scalar;

/// Reads a stream of documents: JSON if it is one, else YAML.
///
/// # Errors
/// The first place that is neither.
pub(crate) fn parse(text: &str) -> Result<Vec<Document>, Fault> {
    if text.trim_start().starts_with(['{', '['])
        && let Ok(documents) = json::parse(text)
    {
        return Ok(documents);
    }
    yaml::parse(text)
}
