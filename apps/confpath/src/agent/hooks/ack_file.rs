//! The file by which a service acknowledges a generation.

use std::fs::OpenOptions;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::OFlags;

/// More than a digest with blanks around it.
const MAX_BYTES: u64 = 100;

/// The digest in the file; `None` while there is none.
pub(super) fn read(path: &Path) -> Option<String> {
    let text = read_text(path).ok()?;
    let digest = text.trim();
    (!digest.is_empty()).then(|| digest.to_owned())
}

/// A pipe or a link in place of the file is no acknowledgement, and blocks nothing.
fn read_text(path: &Path) -> io::Result<String> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let mut text = String::new();
    if file.metadata()?.is_file() {
        file.take(MAX_BYTES).read_to_string(&mut text)?;
    }
    Ok(text)
}
