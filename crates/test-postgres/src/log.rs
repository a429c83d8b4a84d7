//! Output of the servers.

use std::fs;
use std::path::Path;

/// The output of the server in `folder`, for the message of a failure; empty where there is none.
pub(crate) fn read(folder: &Path) -> String {
    fs::read_to_string(folder.join("log")).unwrap_or_default()
}
