//! The environment as a source: one variable a key, under the key's own name.

use std::collections::BTreeMap;
use std::ffi::OsString;

use crate::{Contract, Origin, Problem, SEAL_KEY, Text};

/// Values and seal from the environment.
pub(crate) struct Given {
    pub(crate) values: BTreeMap<String, (Text, Origin)>,
    pub(crate) seal: Option<String>,
}

/// Takes the contract's keys from `variables` and ignores all others.
pub(crate) fn read(
    contract: &Contract,
    variables: &BTreeMap<OsString, OsString>,
    problems: &mut Vec<Problem>,
) -> Given {
    let mut values = BTreeMap::new();
    for key in contract.keys() {
        let Some(value) = variables.get(std::ffi::OsStr::new(&key.name)) else { continue };
        match value.to_str() {
            Some(text) => {
                values.insert(key.name.clone(), (Text::of(text.into(), key.secret), Origin::Environment));
            }
            None => problems.push(Problem::new(&key.name, "is not UTF-8 text", Some(Origin::Environment))),
        }
    }
    let seal =
        variables.get(std::ffi::OsStr::new(SEAL_KEY)).and_then(|seal| seal.to_str()).map(str::to_owned);
    Given { values, seal }
}
