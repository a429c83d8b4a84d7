//! Files, read up to a limit.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::origin::{Given, Problem};

/// Most bytes of a file. The objects that Kubernetes stores have 1.5 MiB at most each.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// The reason why a file that a command depends on cannot be used.
pub(crate) enum Unusable {
    /// It cannot be read.
    Unreadable(Problem),
    /// It is not what it should be: every problem.
    Wrong(Vec<Problem>),
}

/// The bytes of a file.
///
/// # Errors
/// The reason, as a sentence without a subject.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, String> {
    File::open(path).map_err(|error| format!("cannot be read: {error}")).and_then(read_from)
}

/// The bytes of a reader.
///
/// # Errors
/// The reason, as a sentence without a subject.
pub(crate) fn read_from(reader: impl Read) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    reader.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| format!("cannot be read: {error}"))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(format!("has more than {} MiB, which is the limit of a file", MAX_BYTES >> 20));
    }
    Ok(bytes)
}

/// The text of a file that need not be there; `None` if it is not.
///
/// # Errors
/// The file is there and cannot be read, or is no text.
pub(crate) fn read_if_present(path: &Path) -> Result<Option<String>, Problem> {
    if !path.try_exists().unwrap_or(true) {
        return Ok(None);
    }
    let problem = |reason: String| Problem::of_file(path, reason);
    let text = text_of(read(path).map_err(problem)?);
    text.map(Some).map_err(|line| problem(format!("line {line} is not UTF-8 text")))
}

/// The text of a file; `None` if there is none, with the reason in `given`.
pub(crate) fn read_text(path: &Path, given: &mut Given) -> Option<String> {
    let bytes = match read(path) {
        Ok(bytes) => bytes,
        Err(reason) => {
            given.unreadable(Problem::of_file(path, reason));
            return None;
        }
    };
    match text_of(bytes) {
        Ok(text) => Some(text),
        Err(line) => {
            given.malformed(Problem::of_file(path, format!("line {line} is not UTF-8 text")));
            None
        }
    }
}

/// The text of `bytes` without a byte order mark.
///
/// # Errors
/// The number of the first line that is not UTF-8.
pub(crate) fn text_of(bytes: Vec<u8>) -> Result<String, usize> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        1 + valid.iter().filter(|byte| **byte == b'\n').count()
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}
