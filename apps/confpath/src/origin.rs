//! Values with their origin, and what is wrong with a source. A value has no `Debug`, since it may be a secret.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use live_config::Text;

/// Source of a value, or of a problem.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Origin {
    /// The contract's default.
    Default,
    /// A variable of this process.
    Environment,
    /// A file as a whole.
    File(PathBuf),
    /// A line of a file, from 1.
    Line(PathBuf, usize),
}

impl Origin {
    pub(crate) fn line(path: &Path, line: usize) -> Self {
        Self::Line(path.to_owned(), line)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Environment => f.write_str("environment"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Line(path, line) => write!(f, "{}:{line}", path.display()),
        }
    }
}

/// One value, not yet checked.
pub(crate) struct Value {
    pub(crate) text: Text,
    pub(crate) origin: Origin,
}

impl Value {
    /// Compares with another text. Both are on this machine already, so that no time of an answer gives a secret away.
    pub(crate) fn has_text(&self, text: &Text) -> bool {
        let (one, other) = (self.text.expose(), text.expose());
        one == other
    }
}

/// One reason why a configuration is refused. Its text holds nothing of a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Problem {
    /// The setting or, where none is concerned, the source.
    pub(crate) key: String,
    pub(crate) message: String,
    /// `None` for a missing value.
    pub(crate) origin: Option<Origin>,
}

impl Problem {
    pub(crate) fn new(key: &str, message: impl Into<String>, origin: Option<Origin>) -> Self {
        Self { key: key.to_owned(), message: message.into(), origin }
    }

    /// A problem of a file as a whole, which its path names.
    pub(crate) fn of_file(path: &Path, message: impl Into<String>) -> Self {
        Self::new(&path.display().to_string(), message, None)
    }
}

/// A name that the contract does not have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Unknown {
    pub(crate) name: String,
    pub(crate) origin: Origin,
    /// The setting that was most likely meant.
    pub(crate) nearest: Option<String>,
}

/// The content of one source, or of all.
#[derive(Default)]
pub(crate) struct Given {
    pub(crate) values: BTreeMap<String, Value>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) unknown: Vec<Unknown>,
    /// True if a part of it could not be taken: a setting without a value is then not known to be missing.
    pub(crate) is_partial: bool,
    /// True if a file or folder could not be read.
    pub(crate) is_unreadable: bool,
}

impl Given {
    /// Adds a source of higher precedence.
    pub(crate) fn extend(&mut self, other: Self) {
        self.values.extend(other.values);
        self.problems.extend(other.problems);
        self.unknown.extend(other.unknown);
        self.is_partial |= other.is_partial;
        self.is_unreadable |= other.is_unreadable;
    }

    /// Notes that a file could not be read.
    pub(crate) fn unreadable(&mut self, problem: Problem) {
        self.is_unreadable = true;
        self.malformed(problem);
    }

    /// Notes that a file could not be understood.
    pub(crate) fn malformed(&mut self, problem: Problem) {
        self.is_partial = true;
        self.problems.push(problem);
    }
}
