//! Streams of Kubernetes objects, of which the ConfigMaps and Secrets that hold a setting count.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use contract::{Contract, Key};
use live_config::{SEAL_KEY, Text};

use crate::document::{self, Content, Document, Entry, Map, Node, Scalar};
use crate::input;
use crate::origin::{Given, Origin, Problem, Unknown, Value};

/// Fields of the two kinds that hold values.
const FIELDS: [&str; 3] = ["data", "binaryData", "stringData"];

pub(super) fn read(contract: &Contract, paths: &[PathBuf]) -> Given {
    let mut reader = Reader { contract, given: Given::default() };
    for path in paths {
        reader.file(path);
    }
    reader.given
}

struct Reader<'a> {
    contract: &'a Contract,
    given: Given,
}

/// One ConfigMap or Secret.
struct Object<'a> {
    path: &'a Path,
    is_secret: bool,
    map: &'a Map,
}

impl Object<'_> {
    fn fields(&self) -> impl Iterator<Item = (&'static str, &Map)> {
        FIELDS.into_iter().filter_map(|field| Some((field, self.map.get(field)?.map()?)))
    }
}

impl Reader<'_> {
    fn file(&mut self, path: &Path) {
        let Some(text) = input::read_text(path, &mut self.given) else { return };
        match document::parse(&text) {
            Ok(documents) => documents.iter().for_each(|document| self.document(path, document)),
            Err(fault) => {
                let message = format!("line {} {}", fault.line, fault.message);
                self.given.malformed(Problem::of_file(path, message));
            }
        }
    }

    fn document(&mut self, path: &Path, document: &Document) {
        let mut objects = Vec::new();
        collect(path, &document.root, &mut objects);
        objects.retain(|object| self.holds_setting(object));
        if objects.is_empty() {
            return;
        }
        for fault in &document.duplicates {
            let origin = Origin::line(path, fault.line);
            let subject = path.display().to_string();
            self.given.problems.push(Problem::new(&subject, &fault.message, Some(origin)));
        }
        for object in &objects {
            for (field, map) in object.fields() {
                map.0.iter().for_each(|entry| self.entry(object, field, entry));
            }
        }
    }

    fn holds_setting(&self, object: &Object<'_>) -> bool {
        let mut names = object.fields().flat_map(|(_, map)| &map.0);
        names.any(|entry| self.contract.key(&entry.name).is_some())
    }

    fn entry(&mut self, object: &Object<'_>, field: &str, entry: &Entry) {
        let origin = Origin::line(object.path, entry.line);
        let Some(key) = self.contract.key(&entry.name) else {
            if entry.name != SEAL_KEY {
                let nearest = self.contract.nearest(&entry.name).map(str::to_owned);
                self.given.unknown.push(Unknown { name: entry.name.clone(), origin, nearest });
            }
            return;
        };
        match value(object, field, key, &entry.value) {
            Ok(text) => self.insert(key, text, origin),
            Err(message) => self.given.problems.push(Problem::new(&key.name, message, Some(origin))),
        }
    }

    /// Objects of one cluster that disagree leave it to the order of their mounts which one a process reads.
    fn insert(&mut self, key: &Key, text: String, origin: Origin) {
        let text = Text::of(text, key.secret);
        let first = self.given.values.get(&key.name);
        if let Some(first) = first.filter(|first| !first.has_text(&text)) {
            let message = format!("has another value in {}", first.origin);
            self.given.problems.push(Problem::new(&key.name, message, Some(origin)));
            return;
        }
        self.given.values.insert(key.name.clone(), Value { text, origin });
    }
}

/// Adds the ConfigMaps and Secrets of a document, also those in lists of objects.
fn collect<'a>(path: &'a Path, node: &'a Node, objects: &mut Vec<Object<'a>>) {
    let Some(map) = node.map() else { return };
    match map.get("kind").and_then(Node::text) {
        Some("ConfigMap") => objects.push(Object { path, is_secret: false, map }),
        Some("Secret") => objects.push(Object { path, is_secret: true, map }),
        Some("List" | "ConfigMapList" | "SecretList") => {
            let items = map.get("items").and_then(Node::list).unwrap_or_default();
            items.iter().for_each(|item| collect(path, item, objects));
        }
        _ => {}
    }
}

/// The text of a setting, as a process reads it from the mounted object.
fn value(object: &Object<'_>, field: &str, key: &Key, node: &Node) -> Result<String, String> {
    if key.secret && !object.is_secret {
        return Err("is a secret and must not be in a ConfigMap; put it into a Secret".into());
    }
    let text = match &node.content {
        Content::Scalar(Scalar::Text(text)) => text,
        Content::Scalar(other) => {
            return Err(format!("is {}, and objects hold text only: quote it", other.kind()));
        }
        Content::List(_) | Content::Map(_) => return Err("is no text, and objects hold text only".into()),
    };
    let is_encoded = field == "binaryData" || (object.is_secret && field == "data");
    let mut text = if is_encoded { decode(text)? } else { text.clone() };
    if text.ends_with('\n') {
        text.pop();
    }
    Ok(text)
}

fn decode(text: &str) -> Result<String, String> {
    let compact: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
    let bytes = STANDARD.decode(compact).map_err(|_| "is no base64")?;
    String::from_utf8(bytes).map_err(|_| "is not UTF-8 text".into())
}
