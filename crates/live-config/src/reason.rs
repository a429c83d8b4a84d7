use std::fmt;

use contract::Contract;

use crate::problem::Problem;

/// One reason why a configuration is not in force. It never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reason {
    /// The participant that objects; `None` where the contract or a source does.
    pub participant: Option<&'static str>,
    /// The setting concerned, if it is one alone.
    pub setting: Option<String>,
    /// The problem and the remedy, as a lower-case fragment.
    pub message: String,
}

impl Reason {
    /// The reason that a problem of the sources is.
    pub(crate) fn from_problem(problem: &Problem, contract: &Contract) -> Self {
        let (setting, message) = match contract.key(&problem.subject) {
            Some(key) => (Some(key.name.clone()), problem.detail()),
            None => (None, problem.to_string()),
        };
        Self { participant: None, setting, message }
    }
}

/// Participant and setting, each followed by a colon, and the message.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in [self.participant, self.setting.as_deref()].into_iter().flatten() {
            write!(f, "{part}: ")?;
        }
        f.write_str(&self.message)
    }
}
