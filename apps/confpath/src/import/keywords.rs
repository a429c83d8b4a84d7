//! Keywords of one schema, each with its place in the source.

use std::collections::BTreeMap;

use serde_json::Value;

use super::place::Place;

/// Keywords that restrict no value, in the order in which a contract is written.
pub(super) const ANNOTATIONS: [&str; 8] =
    ["title", "description", "$comment", "default", "examples", "deprecated", "readOnly", "writeOnly"];

#[derive(Clone, Debug)]
pub(crate) struct Keyword {
    pub(crate) value: Value,
    pub(crate) place: Place,
}

/// Keywords by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keywords(BTreeMap<String, Keyword>);

impl Keywords {
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).map(|keyword| &keyword.value)
    }

    /// The text of a keyword; empty where there is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn place(&self, name: &str) -> Option<&Place> {
        self.0.get(name).map(|keyword| &keyword.place)
    }

    pub(crate) fn insert(&mut self, name: &str, value: Value, place: Place) {
        self.0.insert(name.to_owned(), Keyword { value, place });
    }

    /// Gives a keyword another value in the same place; a new keyword has the place `other`.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<Value>, other: &Place) {
        let place = self.place(name).unwrap_or(other).clone();
        self.insert(name, value.into(), place);
    }

    pub(crate) fn take(&mut self, name: &str) -> Option<Keyword> {
        self.0.remove(name)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Keyword)> {
        self.0.iter().map(|(name, keyword)| (name.as_str(), keyword))
    }

    /// Adds the keywords of a part, of which annotations give way to those that are here. Returns the keywords with another value in
    /// each of both.
    pub(super) fn merge(&mut self, part: Self) -> Vec<(String, Place)> {
        let mut conflicts = Vec::new();
        for (name, keyword) in part.0 {
            match self.get(&name) {
                None => drop(self.0.insert(name, keyword)),
                Some(_) if ANNOTATIONS.contains(&name.as_str()) || name.starts_with("x-") => {}
                Some(value) if *value == keyword.value => {}
                Some(_) => conflicts.push((name, keyword.place)),
            }
        }
        conflicts
    }
}
