//! Reasons why a schema is no contract.

use std::fmt;

/// Every problem of a schema that could not be enforced to the letter, in the order of the keys; never empty.
#[derive(Debug, PartialEq, Eq)]
pub struct ContractError(pub Vec<KeyError>);

/// One problem of one key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {reason}")]
pub struct KeyError {
    /// The key, or `schema` where the whole schema is concerned.
    pub key: String,
    /// The problem and the remedy, as a lower-case fragment.
    pub reason: String,
}

/// One problem per line.
impl fmt::Display for ContractError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<_> = self.0.iter().map(|error| format!("settings contract: {error}")).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for ContractError {}
