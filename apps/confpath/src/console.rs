//! Lines for the person who called, while a command is at work.

use std::io::Write as _;

use crate::report::text::one_line;

/// Prints text line by line. What a pod, a server or a file says is in it: no character of it moves a cursor or begins a line.
pub(crate) fn say(text: impl AsRef<str>) {
    let mut stdout = std::io::stdout().lock();
    for line in text.as_ref().split('\n') {
        let cells: Vec<_> = line.split('\t').map(one_line).collect();
        // The reader may have closed the pipe.
        let _ = writeln!(stdout, "{}", cells.join("\t"));
    }
}
