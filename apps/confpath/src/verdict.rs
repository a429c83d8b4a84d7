//! The verdict on all sources together, the same as the process's own.

use std::collections::BTreeMap;

use contract::{Contract, Key};
use live_config::Text;

use crate::origin::{Given, Origin, Problem, Unknown, Value};

/// The outcome of a check.
pub(crate) struct Verdict {
    /// Effective values in the order of their keys.
    pub(crate) settings: Vec<Setting>,
    /// Every problem, in the order of keys; empty if the configuration is valid.
    pub(crate) problems: Vec<Problem>,
    pub(crate) unknown: Vec<Unknown>,
    /// Settings that are needed and were not found, but may be elsewhere.
    pub(crate) excused: Vec<String>,
    /// True if a file or folder could not be read.
    pub(crate) is_unreadable: bool,
}

/// One effective value.
pub(crate) struct Setting {
    pub(crate) key: String,
    pub(crate) shown: Shown,
    pub(crate) is_secret: bool,
    pub(crate) value: Value,
}

/// A value as far as it may be shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Shown {
    Value(String),
    Secret,
    Concealed,
}

/// Judges what all sources gave. A setting that `may_be_elsewhere` is not missed.
pub(crate) fn judge(contract: &Contract, given: Given, may_be_elsewhere: impl Fn(&Key) -> bool) -> Verdict {
    let Given { values, mut problems, mut unknown, is_partial, is_unreadable } = given;
    let mut values = with_defaults(contract, values);
    let mut excused = Vec::new();
    let value_of = |key: &str| values.get(key).map(|value| value.text.expose());
    for violation in contract.violations(value_of) {
        let key = violation.key;
        let is_reported = || problems.iter().any(|problem| problem.key == key.name);
        if violation.is_missing && (is_partial || is_reported()) {
            continue;
        }
        if violation.is_missing && may_be_elsewhere(key) {
            excused.push(key.name.clone());
            continue;
        }
        let value = values.get(&key.name).filter(|_| !violation.is_missing);
        let origin = value.map(|value| value.origin.clone());
        problems.push(Problem::new(&key.name, violation.reason, origin));
    }
    problems.sort_by(|a, b| a.key.cmp(&b.key));
    unknown.sort();
    let is_refused = |key: &Key| problems.iter().any(|problem| problem.key == key.name);
    let taken = contract.keys().iter().filter_map(|key| Some((key, values.remove(&key.name)?)));
    let settings = taken.map(|(key, value)| setting(key, value, is_refused(key))).collect();
    Verdict { settings, problems, unknown, excused, is_unreadable }
}

fn with_defaults(contract: &Contract, mut values: BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    for key in contract.keys() {
        if let Some(default) = &key.default {
            values.entry(key.name.clone()).or_insert_with(|| Value {
                text: Text::of(default.clone(), key.secret),
                origin: Origin::Default,
            });
        }
    }
    values
}

/// A refused value is not shown: someone may have pasted a password into any key.
fn setting(key: &Key, value: Value, is_refused: bool) -> Setting {
    let shown = match &value.text {
        Text::Plain(_) if key.concealed || is_refused => Shown::Concealed,
        Text::Plain(text) => Shown::Value(text.clone()),
        Text::Secret(_) => Shown::Secret,
    };
    Setting { key: key.name.clone(), shown, is_secret: key.secret, value }
}
