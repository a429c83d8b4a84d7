use std::fmt;
use std::path::{Path, PathBuf};

use crate::Contract;

/// Longest file name that is shown whole.
const MAX_CHARACTERS: usize = 64;

/// Least similarity of a name that is suggested, from 0 to 1.
const SIMILAR: f64 = 0.6;

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
        Self { name: shown, path, suggestion: nearest(contract, name) }
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

/// The key whose name is most similar, whatever the case, if any is.
fn nearest(contract: &Contract, name: &str) -> Option<String> {
    if name.len() > MAX_CHARACTERS {
        return None;
    }
    let name = name.to_uppercase();
    let of_key =
        |key: &str| (strsim::normalized_damerau_levenshtein(&name, &key.to_uppercase()), key.to_owned());
    let similar =
        contract.keys().iter().map(|key| of_key(&key.name)).filter(|(similarity, _)| *similarity >= SIMILAR);
    similar.max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, key)| key)
}
