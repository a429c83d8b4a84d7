//! The only place that prints.

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::time::Duration;

#[expect(clippy::print_stdout, reason = "a task talks to the person who called it")]
pub fn say(text: impl Display) {
    println!("{}", by_line(&text.to_string()));
}

#[expect(clippy::print_stderr, reason = "a task talks to the person who called it")]
pub fn error(text: &str) {
    eprintln!("error: {}", by_line(text));
}

/// `text` on one line. What a pod, a server or a file says is printed through this: control characters, line breaks and what else
/// could move a cursor or turn the direction of writing are shown as escapes, so that nobody else writes a line of ours.
pub fn printable(text: &str) -> String {
    let show = |c: char| if matches!(c, ' '..='~') { c.to_string() } else { c.escape_debug().to_string() };
    text.chars().map(show).collect()
}

fn by_line(text: &str) -> String {
    text.split('\n')
        .map(|line| line.split('\t').map(printable).collect::<Vec<_>>().join("\t"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Progress of a long step: one line rewritten on a terminal, elsewhere a line every 10 s.
pub struct Progress {
    what: String,
    terminal: bool,
    reported: Duration,
}

impl Progress {
    const EVERY: Duration = Duration::from_secs(10);

    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), terminal: std::io::stderr().is_terminal(), reported: Duration::ZERO }
    }

    #[expect(clippy::print_stderr, reason = "progress must not mix with what a task puts on stdout")]
    pub fn tick(&mut self, elapsed: Duration) {
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
