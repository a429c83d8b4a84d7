//! A contract in the making: settings in the order of the source, and what stands in the way.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::keywords::Keywords;
use super::place::{Place, Refusal};

/// One setting, in keywords of a contract.
#[derive(Debug)]
pub(crate) struct Setting {
    /// Name in files and variables.
    pub(crate) name: String,
    /// Words of the name in the source, in lower case.
    pub(crate) words: Vec<String>,
    pub(crate) keywords: Keywords,
    pub(crate) is_required: bool,
    pub(crate) place: Place,
}

/// Settings as they were read from a source.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    /// Annotations of the whole.
    pub(crate) root: Map<String, Value>,
    pub(crate) settings: Vec<Setting>,
    pub(crate) refusals: Vec<Refusal>,
    /// Differences between the source and a contract that a reader of the contract should know.
    pub(crate) notes: Vec<String>,
}

impl Draft {
    pub(super) fn refuse(&mut self, place: &Place, message: impl Into<String>) {
        self.refusals.push(Refusal::new(place, message));
    }

    /// Refuses settings whose names are equal: one variable cannot hold both.
    pub(super) fn refuse_equal_names(&mut self) {
        let mut first: BTreeMap<&str, &Place> = BTreeMap::new();
        let mut refusals = Vec::new();
        for setting in &self.settings {
            let place = first.entry(&setting.name).or_insert(&setting.place);
            if *place != &setting.place {
                let message =
                    format!("becomes {}, as {} does: rename one of them", setting.name, place.pointer);
                refusals.push(Refusal::new(&setting.place, message));
            }
        }
        self.refusals.extend(refusals);
    }
}
