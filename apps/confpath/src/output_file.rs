//! Files that are written whole or not at all.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::Path;

/// The sentence for a file that is not overwritten.
pub(crate) const EXISTS: &str = "exists already: say --force to overwrite it";

/// Writes `text` to a file, which must be new unless `overwrites`.
///
/// # Errors
/// The reason, as a sentence without a subject. The file is then as it was.
pub(crate) fn write(path: &Path, text: &str, overwrites: bool) -> Result<(), String> {
    let cannot = |error: std::io::Error| {
        let exists = error.kind() == ErrorKind::AlreadyExists;
        if exists { EXISTS.to_owned() } else { format!("cannot be written: {error}") }
    };
    let name = path.file_name().ok_or("cannot be written: it has no name")?.to_string_lossy();
    // Beside it, so that both are on one file system.
    let draft = path.with_file_name(format!(".{name}.{}", std::process::id()));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&draft)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        // A link, unlike a rename, never replaces a file that has appeared since.
        .and_then(|()| if overwrites { fs::rename(&draft, path) } else { fs::hard_link(&draft, path) });
    if !overwrites || written.is_err() {
        // It may never have been there.
        let _ = fs::remove_file(&draft);
    }
    written.map_err(cannot)
}
