//! Parts of the source, and what stands in the way of them.

/// A part of the source.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// Line, from 1.
    pub(crate) line: usize,
    /// JSON pointer (RFC 6901).
    pub(crate) pointer: String,
}

impl Place {
    /// The part `name` of this part.
    pub(crate) fn child(&self, name: &str, line: usize) -> Self {
        Self { line, pointer: format!("{}/{}", self.pointer, escape(name)) }
    }
}

/// A name as a step of a JSON pointer.
fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// A reason why the source cannot be a contract as it is, with the remedy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Refusal {
    pub(crate) place: Place,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(place: &Place, message: impl Into<String>) -> Self {
        Self { place: place.clone(), message: message.into() }
    }
}
