//! Results of the requests.

use std::collections::BTreeMap;
use std::fmt;

/// Results that clients saw.
#[derive(Debug, Default)]
pub struct Tally {
    /// Whole answers by the name of the [`Kind`](super::Kind).
    pub answered: BTreeMap<&'static str, usize>,
    /// Kind, seconds since the start, and what the client saw in place of a whole answer.
    pub failures: Vec<String>,
    /// Answers with `Connection: close`.
    pub told_to_close: usize,
    /// Connections that the server closed between two requests.
    pub closed_idle: usize,
}

impl Tally {
    /// Whole answers to clients of one kind.
    #[must_use]
    pub fn answered(&self, kind: &str) -> usize {
        self.answered.get(kind).copied().unwrap_or_default()
    }

    pub(crate) fn add(mut self, other: Self) -> Self {
        for (kind, answered) in other.answered {
            *self.answered.entry(kind).or_default() += answered;
        }
        self.failures.extend(other.failures);
        self.told_to_close += other.told_to_close;
        self.closed_idle += other.closed_idle;
        self
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failed; whole answers: ", self.failures.len())?;
        self.answered.iter().try_for_each(|(kind, answered)| write!(f, "{kind} {answered}, "))?;
        write!(f, "told to close {}, closed while idle {}", self.told_to_close, self.closed_idle)
    }
}
