//! Trees of YAML and JSON with the line of each part.

mod json;
mod node;
mod scalar;
mod yaml;

pub(crate) use json::{Pointers, pointers};
pub(crate) use node::{Content, Document, Entry, Fault, Map, Node};
pub(crate) use scalar::Scalar;

/// Reads one document of JSON.
///
/// # Errors
/// The first place that is none.
pub(crate) fn parse_json(text: &str) -> Result<Document, Fault> {
    let mut documents = json::parse(text)?.into_iter();
    match (documents.next(), documents.next()) {
        (Some(document), None) => Ok(document),
        (first, second) => {
            let line = second.or(first).map_or(1, |document| document.root.line);
            Err(Fault { line, message: "one document is expected".into() })
        }
    }
}

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
