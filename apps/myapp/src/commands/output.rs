//! Output of the commands: answers on standard output, problems on standard error.

use std::fmt::Display;
use std::io::Write as _;

use crate::printable::printable;

/// Maximum length of a line that quotes the content of a file or of another process, in characters.
pub(super) const MAX_LINE_CHARS: usize = 4000;

/// Prints an answer and returns exit code 0, even if the reader has closed the pipe.
pub(super) fn answer(text: impl Display) -> u8 {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
    0
}

/// Prints each line of `problems` to standard error and returns `code`.
pub(super) fn fail(code: u8, problems: impl Display) -> u8 {
    let mut stderr = std::io::stderr().lock();
    for line in problems.to_string().lines() {
        let _ = writeln!(stderr, "myapp: {}", printable(line, MAX_LINE_CHARS));
    }
    code
}
