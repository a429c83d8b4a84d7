//! The content of a mounted directory.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;

use super::unknown::Unknown;
use crate::origin::Origin;
use crate::problem::Problem;
use crate::text::Text;

/// Values, raw bytes and faults of one look.
#[derive(Default)]
pub(crate) struct Mounted {
    pub(crate) values: BTreeMap<String, (Text, Origin)>,
    /// Raw bytes of every file that is no secret, by key, the seal left out.
    pub(crate) raw: BTreeMap<String, Vec<u8>>,
    pub(crate) seal: Option<String>,
    /// Files whose names the contract does not have.
    pub(crate) unknown: Vec<Unknown>,
    /// Set if every folder could be read. A key of an unreadable folder is not known to be missing.
    pub(crate) is_whole: bool,
    /// A digest of all of it, secrets and faults included: equal when nothing has changed.
    pub(crate) content: [u8; 32],
    /// When the kubelet made this generation's link; nothing for a plain directory.
    pub(crate) written: Option<SystemTime>,
}

impl Mounted {
    /// The content where no directory is mounted.
    pub(crate) fn nothing() -> Self {
        Self { is_whole: true, ..Self::default() }
    }
}

/// A problem of the directory as a whole.
pub(super) fn directory_problem(path: &Path, message: &str) -> Problem {
    Problem::new(path.display().to_string(), format!("the configuration directory {message}"), None)
}
