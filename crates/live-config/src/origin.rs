use std::fmt;
use std::path::PathBuf;

/// Where an effective value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The contract's default.
    Default,
    /// Made by the process for this run.
    Generated,
    /// A file of the mounted directory.
    File(PathBuf),
    /// An environment variable of the key's name. Such a value cannot change while the process runs.
    Environment,
}

impl Origin {
    /// Whether the value is held for the life of the process.
    pub fn is_pinned(&self) -> bool {
        matches!(self, Self::Environment)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Generated => f.write_str("generated"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Environment => f.write_str("environment"),
        }
    }
}
