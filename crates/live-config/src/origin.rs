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
    /// The kind of source, in one word and without a path.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Generated => "generated",
            Self::File(_) => "file",
            Self::Environment => "environment",
        }
    }

    /// Whether the value is held for the life of the process.
    pub fn is_pinned(&self) -> bool {
        matches!(self, Self::Environment)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Default | Self::Generated | Self::Environment => f.write_str(self.kind()),
        }
    }
}
