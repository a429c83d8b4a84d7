use std::fmt;
use std::path::{Path, PathBuf};

use crate::Contract;

/// Longest file name that is shown whole.
const MAX_CHARACTERS: usize = 64;

/// A file whose name is no key of the contract: most likely a typing mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The name, with control characters escaped and no longer than a line.
    pub name: String,
    /// Path of the file; the last part is the name as above.
    pub path: PathBuf,
    /// The key that was most likely meant.
    pub suggestion: Option<String>,
}

impl Unknown {
    pub(super) fn of(contract: &Contract, folder: &Path, name: &str) -> Self {
        let shown = printable(name);
        let path = folder.join(&shown);
        Self { name: shown, path, suggestion: contract.nearest(name).map(str::to_owned) }
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        match &self.suggestion {
            Some(key) => write!(f, ", did you mean {key}?"),
            None => Ok(()),
        }
    }
}

/// A file's name comes from its writer: it must not pass control characters to a terminal or a log line.
fn printable(name: &str) -> String {
    let mut characters = name.chars();
    let cut = characters.by_ref().take(MAX_CHARACTERS);
    let mut shown: String = cut.flat_map(char::escape_debug).collect();
    if characters.next().is_some() {
        shown.push('…');
    }
    shown
}
