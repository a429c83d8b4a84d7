//! Streams of Kubernetes objects, whatever their kind.

use std::path::{Path, PathBuf};

use crate::document::{self, Document, Fault, Map, Node};
use crate::input;
use crate::origin::{Given, Problem};

/// A file of objects.
pub(crate) struct Stream {
    path: PathBuf,
    documents: Vec<Document>,
}

/// One object of a stream.
#[derive(Clone, Copy)]
pub(crate) struct Object<'a> {
    pub(crate) path: &'a Path,
    pub(crate) map: &'a Map,
}

impl Stream {
    /// Reads a file; `None` if it is no stream, with the reason in `given`.
    pub(crate) fn read(path: &Path, given: &mut Given) -> Option<Self> {
        let text = input::read_text(path, given)?;
        match document::parse(&text) {
            Ok(documents) => Some(Self { path: path.to_owned(), documents }),
            Err(fault) => {
                let message = format!("line {} {}", fault.line, fault.message);
                given.malformed(Problem::of_file(path, message));
                None
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The objects of each document, also those in lists of objects, with the names that the document has twice.
    pub(crate) fn documents(&self) -> impl Iterator<Item = (Vec<Object<'_>>, &[Fault])> {
        self.documents.iter().map(|document| {
            let mut objects = Vec::new();
            collect(&self.path, &document.root, &mut objects);
            (objects, document.duplicates.as_slice())
        })
    }
}

impl<'a> Object<'a> {
    pub(crate) fn kind(&self) -> &'a str {
        self.map.get("kind").and_then(Node::text).unwrap_or_default()
    }

    pub(crate) fn name(&self) -> &'a str {
        self.metadata("name").unwrap_or_default()
    }

    /// The namespace; `None` where the object goes where its release goes.
    pub(crate) fn namespace(&self) -> Option<&'a str> {
        self.metadata("namespace")
    }

    fn metadata(&self, field: &str) -> Option<&'a str> {
        self.map.get("metadata")?.map()?.get(field)?.text()
    }
}

/// Adds the objects of a document.
fn collect<'a>(path: &'a Path, node: &'a Node, objects: &mut Vec<Object<'a>>) {
    let Some(map) = node.map() else { return };
    let object = Object { path, map };
    if matches!(object.kind(), "List" | "ConfigMapList" | "SecretList") {
        let items = map.get("items").and_then(Node::list).unwrap_or_default();
        items.iter().for_each(|item| collect(path, item, objects));
    } else {
        objects.push(object);
    }
}
