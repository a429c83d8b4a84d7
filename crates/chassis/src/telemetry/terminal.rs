//! Log lines for a person at a terminal: time, level, message and fields in place of JSON.

use std::env;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::{self, Write};

use serde_json::{Map, Value};

/// A writer that rewrites each whole JSON line. A line that is no JSON object passes as it is.
pub(super) struct Terminal<W> {
    inner: W,
    is_coloured: bool,
    /// Beginning of a line whose end is not written yet.
    partial: Vec<u8>,
}

impl<W: Write> Terminal<W> {
    pub(super) fn new(inner: W, is_coloured: bool) -> Self {
        Self { inner, is_coloured, partial: Vec::new() }
    }
}

impl<W: Write> Write for Terminal<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.partial.extend_from_slice(bytes);
        let Some(end) = self.partial.iter().rposition(|&byte| byte == b'\n') else { return Ok(bytes.len()) };
        let rest = self.partial.split_off(end + 1);
        let whole = std::mem::replace(&mut self.partial, rest);
        for line in String::from_utf8_lossy(&whole).lines() {
            match serde_json::from_str(line) {
                Ok(Value::Object(fields)) => {
                    writeln!(self.inner, "{}", rendered(fields, self.is_coloured))?;
                }
                _ => writeln!(self.inner, "{line}")?,
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Returns true if colours are wanted: `NO_COLOR` is unset or empty (no-color.org), and the terminal is not a dumb one.
pub(super) fn wants_colour() -> bool {
    let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    !is_set("NO_COLOR") && env::var_os("TERM").is_none_or(|term| term != OsStr::new("dumb"))
}

/// `12:00:01.250 INFO  message field=value`, with the fields of the span after those of the event. The target is left out.
fn rendered(mut fields: Map<String, Value>, is_coloured: bool) -> String {
    let mut take = |name: &str| match fields.remove(name) {
        Some(Value::String(text)) => text,
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let (timestamp, level, message) = (take("timestamp"), take("level"), take("message"));
    take("target");
    let time = timestamp.split_once('T').map_or(timestamp.as_str(), |(_, time)| time);
    let time = time.get(..12).unwrap_or(time);
    let colour = match level.as_str() {
        "ERROR" => "31",
        "WARN" => "33",
        "INFO" => "32",
        _ => "36",
    };
    let mut line = if is_coloured {
        format!("\u{1b}[2m{time}\u{1b}[0m \u{1b}[{colour}m{level:5}\u{1b}[0m {}", printable(&message))
    } else {
        format!("{time} {level:5} {}", printable(&message))
    };
    let span = match fields.remove("span") {
        Some(Value::Object(span)) => span,
        _ => Map::new(),
    };
    for (name, value) in fields.iter().chain(span.iter().filter(|(name, _)| *name != "name")) {
        let text = value.as_str().map_or_else(|| value.to_string(), printable);
        // Writing to a String cannot fail.
        let _ = write!(line, " {name}={text}");
    }
    line
}

/// Text without characters that a terminal would obey: a client chooses some of it.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(parts: &[&str], is_coloured: bool) -> String {
        let mut terminal = Terminal::new(Vec::new(), is_coloured);
        parts.iter().for_each(|part| terminal.write_all(part.as_bytes()).unwrap());
        String::from_utf8(terminal.inner).unwrap()
    }

    const LINE: &str = r#"{"timestamp":"2026-01-02T03:04:05.678901Z","level":"WARN","message":"a thing","target":"lifecycle","n":3,"span":{"request_id":"r1","name":"request"}}"#;

    #[test]
    fn a_line_becomes_time_level_message_and_fields() {
        let plain = written(&[&format!("{LINE}\n")], false);
        assert_eq!(plain, "03:04:05.678 WARN  a thing n=3 request_id=r1\n");
        let coloured = written(&[&format!("{LINE}\n")], true);
        assert!(coloured.contains("\u{1b}[33mWARN \u{1b}[0m a thing n=3"), "{coloured:?}");
    }

    #[test]
    fn lines_are_rewritten_whole() {
        let (first, second) = LINE.split_at(40);
        assert_eq!(written(&[first], false), "");
        assert_eq!(written(&[first, second, "\nno JSON\nhalf"], false).lines().count(), 2);
    }

    #[test]
    fn no_text_commands_the_terminal() {
        let line = r#"{"level":"INFO","message":"\u001b[2J","agent":"\u001b]0;x\u0007"}"#;
        assert!(!written(&[line, "\n"], false).contains('\u{1b}'));
    }
}
