//! Streams of Kubernetes objects, of which the ConfigMaps and Secrets that hold a setting count.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use contract::{Contract, Key};
use live_config::{SEAL_KEY, Text};

use super::objects::{Object, Stream};
use crate::document::{Content, Entry, Fault, Map, Node, Scalar};
use crate::origin::{Given, Origin, Problem, Unknown, Value};

/// Fields of the two kinds that hold values.
const FIELDS: [&str; 3] = ["data", "binaryData", "stringData"];

pub(super) fn read_files(contract: &Contract, paths: &[PathBuf]) -> Given {
    let mut unread = Given::default();
    let streams: Vec<_> = paths.iter().filter_map(|path| Stream::read(path, &mut unread)).collect();
    let mut given = read(contract, &streams, None);
    given.extend(unread);
    given
}

/// Reads the settings of all streams; with a namespace those of its objects, and of objects without one.
pub(crate) fn read(contract: &Contract, streams: &[Stream], namespace: Option<&str>) -> Given {
    let mut reader = Reader { contract, given: Given::default() };
    for stream in streams {
        for (mut objects, duplicates) in stream.documents() {
            objects.retain(|object| is_in(object, namespace) && reader.holds_setting(object));
            reader.document(stream, &objects, duplicates);
        }
    }
    reader.given
}

/// Returns true for an object that is, or may come to be, in a namespace.
pub(crate) fn is_in(object: &Object<'_>, namespace: Option<&str>) -> bool {
    namespace.is_none() || object.namespace().is_none() || object.namespace() == namespace
}

/// Returns whether values of an object are secret; `None` for an object that holds no values.
pub(crate) fn is_secret(object: &Object<'_>) -> Option<bool> {
    match object.kind() {
        "ConfigMap" => Some(false),
        "Secret" => Some(true),
        _ => None,
    }
}

/// The mappings of an object that hold values.
pub(crate) fn fields<'a>(object: &Object<'a>) -> impl Iterator<Item = (&'static str, &'a Map)> {
    let map = is_secret(object).map(|_| object.map);
    FIELDS.into_iter().filter_map(move |field| Some((field, map?.get(field)?.map()?)))
}

struct Reader<'a> {
    contract: &'a Contract,
    given: Given,
}

impl Reader<'_> {
    fn document(&mut self, stream: &Stream, objects: &[Object<'_>], duplicates: &[Fault]) {
        if objects.is_empty() {
            return;
        }
        for fault in duplicates {
            let origin = Origin::line(stream.path(), fault.line);
            let subject = stream.path().display().to_string();
            self.given.problems.push(Problem::new(&subject, &fault.message, Some(origin)));
        }
        for object in objects {
            for (field, map) in fields(object) {
                map.0.iter().for_each(|entry| self.entry(object, field, entry));
            }
        }
    }

    fn holds_setting(&self, object: &Object<'_>) -> bool {
        fields(object).flat_map(|(_, map)| &map.0).any(|entry| self.contract.key(&entry.name).is_some())
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

/// The text of a setting, as a process reads it from the mounted object.
fn value(object: &Object<'_>, field: &str, key: &Key, node: &Node) -> Result<String, String> {
    let is_secret = is_secret(object) == Some(true);
    if key.secret && !is_secret {
        return Err("is a secret and must not be in a ConfigMap; put it into a Secret".into());
    }
    let text = match &node.content {
        Content::Scalar(Scalar::Text(text)) => text,
        Content::Scalar(other) => {
            return Err(format!("is {}, and objects hold text only: quote it", other.kind()));
        }
        Content::List(_) | Content::Map(_) => return Err("is no text, and objects hold text only".into()),
    };
    let is_encoded = field == "binaryData" || (is_secret && field == "data");
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
