//! The environment of this process: one variable a setting, under its own name.

use std::ffi::OsString;

use contract::Contract;
use live_config::Text;

use crate::origin::{Given, Origin, Problem, Value};

pub(super) fn read(contract: &Contract, variables: impl Iterator<Item = (OsString, OsString)>) -> Given {
    let mut given = Given::default();
    for (name, value) in variables {
        let Some(key) = name.to_str().and_then(|name| contract.key(name)) else { continue };
        let origin = Origin::Environment;
        match value.into_string() {
            Ok(text) => {
                let text = Text::of(text, key.secret);
                given.values.insert(key.name.clone(), Value { text, origin });
            }
            Err(_) => given.problems.push(Problem::new(&key.name, "is not UTF-8 text", Some(origin))),
        }
    }
    given
}
