//! Values as a mounted directory gives them, before the verdict: for tools that judge it together with other sources.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::{Contract, Effective, Problem, Sources, Unknown};

/// Everything that one read of a mounted directory found.
pub struct Given {
    /// Values by key, not yet checked.
    pub values: BTreeMap<String, Effective>,
    /// Files and folders that could not be read, and content that is no value.
    pub problems: Vec<Problem>,
    /// Files of names that the contract does not have.
    pub unknown: Vec<Unknown>,
    /// True if every folder could be read. A key of an unreadable folder is not known to be missing.
    pub is_whole: bool,
}

impl Given {
    /// Reads the directory at `path` once, as a process with this contract does.
    pub fn read_directory(contract: &Contract, path: impl Into<PathBuf>) -> Self {
        let mut problems = Vec::new();
        let mounted = Sources::default().directory(path).read_directory(contract, &mut problems);
        let effective = |(key, (text, origin))| (key, Effective { text, origin });
        Self {
            values: mounted.values.into_iter().map(effective).collect(),
            problems,
            unknown: mounted.unknown,
            is_whole: mounted.is_whole,
        }
    }
}
