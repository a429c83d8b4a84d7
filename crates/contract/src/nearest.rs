//! Suggestions for names that a contract does not have.

use crate::contract::Contract;

/// Longest name, in bytes, for which a suggestion is sought.
const MAX_BYTES: usize = 64;

/// Least similarity of a name that is suggested, from 0 to 1.
const SIMILAR: f64 = 0.6;

impl Contract {
    /// The key whose name is most similar to `name`, whatever the case, if any is: most likely the one that was meant.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        if name.len() > MAX_BYTES {
            return None;
        }
        let name = name.to_uppercase();
        let similarity = |key: &str| strsim::normalized_damerau_levenshtein(&name, &key.to_uppercase());
        let rated = self.keys().iter().map(|key| (similarity(&key.name), key.name.as_str()));
        let similar = rated.filter(|(similarity, _)| *similarity >= SIMILAR);
        similar.max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, name)| name)
    }
}
