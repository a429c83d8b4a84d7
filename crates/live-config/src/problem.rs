use std::fmt;

use crate::Origin;

/// One reason why a configuration is refused. Its text never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key or, where no key is concerned, the source.
    pub subject: String,
    /// The fault and the accepted values, as a lower-case fragment.
    pub message: String,
    /// Source of the refused value; `None` for a value that is missing.
    pub origin: Option<Origin>,
}

impl Problem {
    pub(crate) fn new(
        subject: impl Into<String>,
        message: impl Into<String>,
        origin: Option<Origin>,
    ) -> Self {
        Self { subject: subject.into(), message: message.into(), origin }
    }

    /// The message with the origin of the value.
    pub(crate) fn detail(&self) -> String {
        match &self.origin {
            Some(origin) => format!("{} (from {origin})", self.message),
            None => self.message.clone(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.detail())
    }
}

/// Every reason why a configuration is refused, in the order of their subjects; never empty.
#[derive(Debug, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

/// One problem per line.
impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for Problems {}
