//! Values files of a Helm chart, with the settings under `config:`, merged as Helm merges them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use contract::{Contract, Key, Kind};
use live_config::Text;

use crate::document::{self, Content, Map, Node, Scalar};
use crate::input;
use crate::origin::{Given, Origin, Problem, Unknown, Value};

/// The name that YAML 1.1 replaces by the entries of another mapping.
const MERGE_KEY: &str = "<<";

pub(super) fn read(contract: &Contract, paths: &[PathBuf]) -> Given {
    let mut reader = Reader { contract, given: Given::default(), found: BTreeMap::new() };
    for path in paths {
        reader.file(path);
    }
    let Reader { mut given, found, .. } = reader;
    for (name, found) in found {
        match found {
            Ok(value) => drop(given.values.insert(name, value)),
            Err(problem) => given.problems.push(problem),
        }
    }
    given
}

struct Reader<'a> {
    contract: &'a Contract,
    given: Given,
    /// The last file's word on each setting: an earlier one is overridden, right or wrong.
    found: BTreeMap<String, Result<Value, Problem>>,
}

impl Reader<'_> {
    fn file(&mut self, path: &Path) {
        let Some(text) = input::read_text(path, &mut self.given) else { return };
        let documents = match document::parse(&text) {
            Ok(documents) => documents,
            Err(fault) => {
                let message = format!("line {} {}", fault.line, fault.message);
                return self.given.malformed(Problem::of_file(path, message));
            }
        };
        let [document] = documents.as_slice() else {
            if !documents.is_empty() {
                self.given.malformed(Problem::of_file(path, "has more than one document"));
            }
            return;
        };
        for fault in &document.duplicates {
            self.fault(path, fault.line, &fault.message);
        }
        let Some(root) = document.root.map() else {
            return self.given.malformed(Problem::of_file(path, "is no mapping"));
        };
        self.refuse_merge_keys(path, root);
        match root.get("config") {
            None => {}
            Some(node) if node.is_null() => self.found.clear(),
            Some(node) => match node.map() {
                Some(config) => self.config(path, config),
                None => self.fault(path, node.line, "config is no mapping"),
            },
        }
    }

    fn config(&mut self, path: &Path, config: &Map) {
        self.refuse_merge_keys(path, config);
        for entry in config.0.iter().filter(|entry| entry.name != MERGE_KEY) {
            let origin = Origin::line(path, entry.line);
            let Some(key) = self.contract.key(&entry.name) else {
                self.unknown(&entry.name, origin);
                continue;
            };
            match text_of(key, &entry.value) {
                Ok(None) => drop(self.found.remove(&key.name)),
                Ok(Some(text)) => {
                    let text = Text::of(text, key.secret);
                    self.found.insert(key.name.clone(), Ok(Value { text, origin }));
                }
                Err(message) => {
                    let problem = Problem::new(&key.name, message, Some(origin));
                    self.found.insert(key.name.clone(), Err(problem));
                }
            }
        }
    }

    /// Names with lower-case letters are most likely the chart's own, such as `delivery`.
    fn unknown(&mut self, name: &str, origin: Origin) {
        let nearest = self.contract.nearest(name).map(str::to_owned);
        if nearest.is_some() || !name.contains(char::is_lowercase) {
            self.given.unknown.push(Unknown { name: name.to_owned(), origin, nearest });
        }
    }

    fn refuse_merge_keys(&mut self, path: &Path, map: &Map) {
        for entry in map.0.iter().filter(|entry| entry.name == MERGE_KEY) {
            self.fault(path, entry.line, "merge keys (<<) are of YAML 1.1 only: write the entries out");
        }
    }

    fn fault(&mut self, path: &Path, line: usize, message: &str) {
        let subject = path.display().to_string();
        self.given.malformed(Problem::new(&subject, message, Some(Origin::line(path, line))));
    }
}

/// The text of a setting; `None` if it is not given, as is `""` for a secret, by which charts show that the key exists.
fn text_of(key: &Key, node: &Node) -> Result<Option<String>, String> {
    match (&node.content, &key.kind) {
        (Content::Scalar(Scalar::Null), _) => Ok(None),
        (Content::Scalar(Scalar::Text(text)), _) if text.is_empty() && key.secret => Ok(None),
        (Content::Scalar(scalar), kind) => scalar_text(scalar, kind).map(Some),
        (Content::List(items), Kind::List { items: kind, .. }) => {
            let text = |(number, item): (usize, &Node)| match &item.content {
                Content::Scalar(scalar) => {
                    scalar_text(scalar, kind).map_err(|reason| format!("item {number} {reason}"))
                }
                Content::List(_) | Content::Map(_) => Err(format!("item {number} is no scalar")),
            };
            let items = (1..).zip(items.iter().map(AsRef::as_ref)).map(text);
            let items = items.collect::<Result<Vec<_>, _>>()?;
            Ok(Some(serde_json::Value::from(items).to_string()))
        }
        (Content::List(_), _) => Err(format!("is a list, and must be {}", key.expected)),
        (Content::Map(_), _) => Err(format!("is a mapping, and must be {}", key.expected)),
    }
}

fn scalar_text(scalar: &Scalar, kind: &Kind) -> Result<String, String> {
    match (scalar, kind) {
        (Scalar::Text(text), _) => Ok(text.clone()),
        (Scalar::Number(number), Kind::Integer { .. } | Kind::Number { .. }) => Ok(number.clone()),
        (Scalar::Boolean(switch), Kind::Boolean) => Ok(switch.to_string()),
        (
            Scalar::Null | Scalar::Boolean(_) | Scalar::Number(_) | Scalar::Ambiguous(_) | Scalar::Tagged,
            _,
        ) => Err(format!("is {}: quote it", scalar.kind())),
    }
}
