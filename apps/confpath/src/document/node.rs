//! Parts of a document. They have no `Debug`, since they may hold secrets.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::scalar::Scalar;

/// A part of a document. What an alias names is shared.
pub(crate) struct Node {
    pub(crate) line: usize,
    pub(crate) content: Content,
}

pub(crate) enum Content {
    Scalar(Scalar),
    List(Vec<Rc<Node>>),
    Map(Map),
}

/// Entries in the order of the document.
#[derive(Default)]
pub(crate) struct Map(pub(crate) Vec<Entry>);

pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) value: Rc<Node>,
}

/// The reason why a text is no document, or not one that every reader reads alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) line: usize,
    pub(crate) message: String,
}

impl Fault {
    pub(super) fn new(line: usize, message: impl Into<String>) -> Self {
        Self { line, message: message.into() }
    }
}

/// One document of a stream.
pub(crate) struct Document {
    pub(crate) root: Node,
    /// Names that a mapping has twice.
    pub(crate) duplicates: Vec<Fault>,
}

impl Node {
    pub(crate) fn map(&self) -> Option<&Map> {
        match &self.content {
            Content::Map(map) => Some(map),
            Content::Scalar(_) | Content::List(_) => None,
        }
    }

    pub(crate) fn list(&self) -> Option<&[Rc<Self>]> {
        match &self.content {
            Content::List(items) => Some(items),
            Content::Scalar(_) | Content::Map(_) => None,
        }
    }

    /// The text of a scalar that every reader takes for text.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Scalar(Scalar::Text(text)) => Some(text),
            Content::Scalar(_) | Content::List(_) | Content::Map(_) => None,
        }
    }

    /// A whole number of at least 0.
    pub(crate) fn count(&self) -> Option<u64> {
        match &self.content {
            Content::Scalar(Scalar::Number(number)) => number.parse().ok(),
            Content::Scalar(_) | Content::List(_) | Content::Map(_) => None,
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self.content, Content::Scalar(Scalar::Null))
    }
}

impl Map {
    pub(crate) fn get(&self, name: &str) -> Option<&Node> {
        self.0.iter().find(|entry| entry.name == name).map(|entry| &*entry.value)
    }

    /// Adds an entry to a mapping of a document; `first` has the lines of the names that it has already.
    pub(super) fn insert(&mut self, first: &mut BTreeMap<String, usize>, entry: Entry) -> Option<Fault> {
        let fault = first.get(&entry.name).map(|line| {
            Fault::new(
                entry.line,
                format!("{} is given twice, also on line {line}", entry.name.escape_debug()),
            )
        });
        first.entry(entry.name.clone()).or_insert(entry.line);
        self.0.push(entry);
        fault
    }
}
