//! The only place that prints.

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::time::Duration;

#[expect(clippy::print_stdout, reason = "a task talks to the person who called it")]
pub(crate) fn say(line: impl Display) {
    println!("{line}");
}

#[expect(clippy::print_stderr, reason = "a task talks to the person who called it")]
pub(crate) fn error(text: &str) {
    eprintln!("error: {text}");
}

/// Where a long step has got to: one line rewritten on a terminal, elsewhere a line now and then.
pub(crate) struct Progress {
    what: String,
    terminal: bool,
    reported: Duration,
}

impl Progress {
    const EVERY: Duration = Duration::from_secs(10);

    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), terminal: std::io::stderr().is_terminal(), reported: Duration::ZERO }
    }

    #[expect(clippy::print_stderr, reason = "progress must not mix with what a task puts on stdout")]
    pub(crate) fn tick(&mut self, elapsed: Duration) {
        if self.terminal {
            eprint!("\r\x1b[2K  {}: {} s", self.what, elapsed.as_secs());
            // A progress line that does not appear is not worth failing a task for.
            std::io::stderr().flush().ok();
        } else if elapsed >= self.reported + Self::EVERY {
            self.reported = elapsed;
            eprintln!("  {}: {} s", self.what, elapsed.as_secs());
        }
    }
}

impl Drop for Progress {
    #[expect(clippy::print_stderr, reason = "clears what tick wrote")]
    fn drop(&mut self) {
        if self.terminal {
            eprint!("\r\x1b[2K");
        }
    }
}
