//! Reasons for which a command does nothing.

use std::fmt;

/// Faults of flags, variables or files, one sentence each; nothing was done.
#[derive(Debug)]
pub(crate) struct WrongInput(pub(crate) Vec<String>);

impl WrongInput {
    pub(crate) fn from_error(error: impl fmt::Display) -> anyhow::Error {
        Self(vec![error.to_string()]).into()
    }
}

impl fmt::Display for WrongInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0[..] {
            [problem] => write!(f, "{problem}; nothing was done"),
            problems => write!(f, "nothing was done:\n  {}", problems.join("\n  ")),
        }
    }
}

impl std::error::Error for WrongInput {}

/// A file that a command depends on and cannot read.
#[derive(Debug)]
pub(crate) struct Unreadable(pub(crate) String);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreadable {}
