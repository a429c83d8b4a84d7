//! The only place that prints.

use std::cell::RefCell;
use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

thread_local! {
    /// The way of the lines of this thread.
    static OUTPUT: RefCell<Output> = const { RefCell::new(Output::SHOWN) };
}

/// The way of lines that a part of a task prints: to the person who called it, or kept back until that part has ended, so that they
/// do not mix with those of a part that runs beside it.
#[derive(Clone)]
pub struct Output(Option<Arc<Mutex<String>>>);

impl Output {
    const SHOWN: Self = Self(None);

    /// An output that keeps lines back until [`Output::show`].
    pub fn kept() -> Self {
        Self(Some(Arc::default()))
    }

    /// Returns the result of `work`, whose lines take this way.
    pub fn during<T>(&self, work: impl FnOnce() -> T) -> T {
        let before = OUTPUT.replace(self.clone());
        let result = work();
        OUTPUT.set(before);
        result
    }

    /// Shows what was kept back, in one piece.
    pub fn show(self) {
        if let Some(kept) = self.0 {
            let text = std::mem::take(&mut *kept.lock().unwrap_or_else(PoisonError::into_inner));
            print(text.trim_end_matches('\n'));
        }
    }

    /// Keeps `line` if this output keeps lines.
    fn keep(&self, line: &str) -> bool {
        let Some(kept) = &self.0 else { return false };
        let mut text = kept.lock().unwrap_or_else(PoisonError::into_inner);
        text.push_str(line);
        text.push('\n');
        true
    }
}

/// Returns `work` for a thread that works for this one: its lines take the way of the calling thread's.
pub fn carried<T>(work: impl FnOnce() -> T) -> impl FnOnce() -> T {
    let output = OUTPUT.with_borrow(Output::clone);
    move || output.during(work)
}

fn keep(line: &str) -> bool {
    OUTPUT.with_borrow(|output| output.keep(line))
}

#[expect(clippy::print_stdout, reason = "a task talks to the person who called it")]
fn print(text: &str) {
    println!("{text}");
}

pub fn say(text: impl Display) {
    let line = by_line(&text.to_string());
    if !keep(&line) {
        print(&line);
    }
}

#[expect(clippy::print_stderr, reason = "a task talks to the person who called it")]
pub fn error(text: &str) {
    let line = format!("error: {}", by_line(text));
    if !keep(&line) {
        eprintln!("{line}");
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_lines_include_those_of_working_threads() {
        let output = Output::kept();
        output.during(|| {
            say("first");
            std::thread::scope(|scope| scope.spawn(carried(|| error("second"))).join().unwrap());
        });
        say("not kept: the work has ended");
        assert_eq!(*output.0.unwrap().lock().unwrap(), "first\nerror: second\n");
    }
}
