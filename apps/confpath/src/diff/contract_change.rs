//! Differences between two contracts, keyword by keyword.

use std::collections::{BTreeMap, BTreeSet};

use contract::{Contract, Key};
use serde_json::Value;

/// One difference.
pub(crate) struct ContractChange {
    pub(crate) key: String,
    pub(crate) kind: ContractChangeKind,
}

pub(crate) enum ContractChangeKind {
    Added {
        is_required: bool,
    },
    Removed,
    /// A keyword, with its value as JSON; `None` where it is absent.
    Keyword {
        name: String,
        old: Option<String>,
        new: Option<String>,
        extent: Extent,
    },
}

/// Set of the values that a contract accepts, against that of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    Narrower,
    Wider,
    /// Not to be compared, or no limit.
    Other,
}

/// Keywords that change nothing for a value.
const TEXTS: [&str; 6] = ["title", "description", "examples", "deprecated", "$comment", "x-expected"];

/// Compares two contracts.
pub(super) fn contract_changes(old: &Contract, new: &Contract) -> Vec<ContractChange> {
    let names: BTreeSet<_> = old.keys().iter().chain(new.keys()).map(|key| key.name.as_str()).collect();
    let changes = |name: &str| match (old.key(name), new.key(name)) {
        (None, Some(key)) => vec![ContractChangeKind::Added { is_required: key.required }],
        (Some(_), None) => vec![ContractChangeKind::Removed],
        (Some(one), Some(other)) => {
            let is_hidden = [one, other].iter().any(|key| key.secret || key.concealed);
            keyword_changes(&keywords(old, one), &keywords(new, other), is_hidden)
        }
        (None, None) => Vec::new(),
    };
    let named = |name: &str| {
        let key = name.to_owned();
        changes(name).into_iter().map(move |kind| ContractChange { key: key.clone(), kind })
    };
    names.into_iter().flat_map(named).collect()
}

/// The keywords of a setting with their values; those of items have the prefix `items.`.
fn keywords(contract: &Contract, key: &Key) -> BTreeMap<String, Value> {
    let mut keywords = BTreeMap::new();
    let property = contract.schema()["properties"][&key.name].as_object();
    for (name, value) in property.into_iter().flatten() {
        match value.as_object().filter(|_| name == "items") {
            Some(items) => {
                keywords.extend(items.iter().map(|(name, value)| (format!("items.{name}"), value.clone())));
            }
            None => drop(keywords.insert(name.clone(), value.clone())),
        }
    }
    keywords.retain(|name, _| !TEXTS.contains(&name.as_str()));
    if key.required {
        keywords.insert("required".into(), true.into());
    }
    keywords
}

/// Compares the keywords of a setting; one of whose values nothing is shown has its default hidden.
fn keyword_changes(
    old: &BTreeMap<String, Value>,
    new: &BTreeMap<String, Value>,
    is_hidden: bool,
) -> Vec<ContractChangeKind> {
    let names: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let change = |name: &String| {
        let (one, other) = (old.get(name), new.get(name));
        let text = |value: Option<&Value>| {
            let is_hidden = is_hidden && matches!(name.as_str(), "default" | "const" | "enum");
            value.map(|value| if is_hidden { "(concealed)".into() } else { value.to_string() })
        };
        (one != other).then(|| ContractChangeKind::Keyword {
            name: name.clone(),
            old: text(one),
            new: text(other),
            extent: extent(name, one, other),
        })
    };
    names.into_iter().filter_map(change).collect()
}

/// Compares the values that a keyword leaves, where its name and its values say so.
fn extent(name: &str, old: Option<&Value>, new: Option<&Value>) -> Extent {
    let keyword = name.strip_prefix("items.").unwrap_or(name);
    let is_least = matches!(keyword, "minimum" | "minLength" | "minItems" | "x-minimum");
    let is_most = matches!(keyword, "maximum" | "maxLength" | "maxItems" | "x-maximum");
    let is_rule =
        matches!(keyword, "pattern" | "format" | "not" | "x-required-when" | "required" | "enum" | "const");
    let (old, new) = match (old, new) {
        (None, Some(_)) if is_least || is_most || is_rule => return Extent::Narrower,
        (Some(_), None) if is_least || is_most || is_rule => return Extent::Wider,
        (Some(old), Some(new)) => (old, new),
        (None | Some(_), None | Some(_)) => return Extent::Other,
    };
    match (number(old), number(new), old.as_array(), new.as_array()) {
        (Some(old), Some(new), ..) if is_least && old != new => narrower_if(old < new),
        (Some(old), Some(new), ..) if is_most && old != new => narrower_if(old > new),
        (_, _, Some(old), Some(new)) if keyword == "enum" => {
            let contains = |one: &[Value], other: &[Value]| other.iter().all(|text| one.contains(text));
            match (contains(old, new), contains(new, old)) {
                (true, false) => Extent::Narrower,
                (false, true) => Extent::Wider,
                (true, true) | (false, false) => Extent::Other,
            }
        }
        _ => Extent::Other,
    }
}

fn narrower_if(is_narrower: bool) -> Extent {
    if is_narrower { Extent::Narrower } else { Extent::Wider }
}

/// A bound as a number; durations in seconds.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => contract::parse_duration(text).map(|duration| duration.as_secs_f64()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            value.as_f64()
        }
    }
}
