//! Failure of a check: a reason from a closed set, and a short code from the dependency itself.

use std::fmt;
use std::sync::Arc;

/// Maximum length of a code in characters. A code comes from the dependency, which may send anything.
const MAX_CODE_CHARS: usize = 160;

/// Result of a check.
pub type CheckResult = Result<(), CheckFailure>;

/// Reason for which a check failed. Operators see it in logs and on the admin port, so neither part may be built from an error
/// that can contain a password.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CheckFailure {
    reason: &'static str,
    code: Option<Arc<str>>,
}

impl CheckFailure {
    /// A failure with a reason from a closed set, which may be a label value.
    #[must_use]
    pub fn new(reason: &'static str) -> Self {
        Self { reason, code: None }
    }

    /// Adds a code that distinguishes this failure from others with the same reason: an SQLSTATE, or a short sentence. Control
    /// characters are replaced, and a long code is cut.
    #[must_use]
    pub fn code(self, code: &str) -> Self {
        let printable = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
        let code: String = code.chars().take(MAX_CODE_CHARS).map(printable).collect();
        Self { code: (!code.is_empty()).then(|| code.into()), ..self }
    }

    pub(super) fn reason(&self) -> &'static str {
        self.reason
    }

    pub(super) fn code_text(&self) -> Option<&str> {
        self.code.as_deref()
    }
}

impl From<&'static str> for CheckFailure {
    fn from(reason: &'static str) -> Self {
        Self::new(reason)
    }
}

/// Reason, and the code in parentheses.
impl fmt::Display for CheckFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) => write!(f, "{} ({code})", self.reason),
            None => f.write_str(self.reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_short_and_on_one_line() {
        let failure = CheckFailure::new("other").code(&"\u{1b}[2J\n".repeat(1000));
        let text = failure.to_string();
        assert!(text.chars().count() < 200 && !text.contains(char::is_control), "{text:?}");
        assert_eq!(CheckFailure::new("refused").code("").to_string(), "refused");
    }
}
