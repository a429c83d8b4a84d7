//! Output of the commands: answers on standard output, problems on standard error.

use std::io::Write as _;

/// Prints lines to standard output, even if the reader has closed the pipe.
pub(super) fn print(lines: impl IntoIterator<Item = String>) {
    let mut stdout = std::io::stdout().lock();
    for line in lines {
        let _ = writeln!(stdout, "{line}");
    }
}

/// Prints lines to standard error.
pub(super) fn print_errors(lines: impl IntoIterator<Item = String>) {
    let mut stderr = std::io::stderr().lock();
    for line in lines {
        let _ = writeln!(stderr, "confpath: {line}");
    }
}
