//! Reading one variable at a time, keeping all that is wrong.

use std::ffi::OsString;
use std::fmt;
use std::time::Duration;

use super::TracesError;

/// A queue of more spans would be a leak that looks like a setting.
const MOST_SPANS: usize = 1 << 16;

/// Ten minutes: more is a mistake in the unit.
const MOST_MILLISECONDS: u64 = 600_000;

pub(super) struct Variables<'a> {
    read: &'a dyn Fn(&str) -> Option<OsString>,
    problems: Vec<String>,
}

impl<'a> Variables<'a> {
    pub(super) fn new(read: &'a dyn Fn(&str) -> Option<OsString>) -> Self {
        Self { read, problems: Vec::new() }
    }

    pub(super) fn finish<T>(self, settings: T) -> Result<T, TracesError> {
        if self.problems.is_empty() { Ok(settings) } else { Err(TracesError(self.problems)) }
    }

    pub(super) fn refuse(&mut self, name: &str, problem: impl fmt::Display) {
        self.problems.push(format!("{name}: {problem}"));
    }

    /// None for an empty one too, as the standard says.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        let value = (self.read)(name)?;
        match value.into_string() {
            Ok(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            Err(_) => {
                self.refuse(name, "is not UTF-8 text");
                None
            }
        }
    }

    /// The variable for traces alone when that is set, else the one for all signals.
    pub(super) fn otlp<T>(&mut self, what: &str, read: impl FnOnce(&mut Self, &str) -> T) -> T {
        let own = format!("OTEL_EXPORTER_OTLP_TRACES_{what}");
        let is_set = (self.read)(&own).is_some_and(|value| !value.is_empty());
        let name = if is_set { own } else { format!("OTEL_EXPORTER_OTLP_{what}") };
        read(self, &name)
    }

    /// One of some words, in any case.
    pub(super) fn choice(&mut self, name: &str, words: &[&'static str]) -> Option<&'static str> {
        let text = self.text(name)?;
        let chosen = words.iter().copied().find(|word| word.eq_ignore_ascii_case(&text));
        if chosen.is_none() {
            self.refuse(name, format_args!("must be {}", words.join(" or ")));
        }
        chosen
    }

    pub(super) fn milliseconds(&mut self, name: &str, ordinary: u64) -> Duration {
        let expected = format!("must be milliseconds from 1 to {MOST_MILLISECONDS}");
        let number = self.parsed(name, &expected, |number| (1..=MOST_MILLISECONDS).contains(number));
        Duration::from_millis(number.unwrap_or(ordinary))
    }

    pub(super) fn spans(&mut self, name: &str, ordinary: usize) -> usize {
        let expected = format!("must be spans from 1 to {MOST_SPANS}");
        self.parsed(name, &expected, |number| (1..=MOST_SPANS).contains(number)).unwrap_or(ordinary)
    }

    pub(super) fn ratio(&mut self, name: &str, ordinary: f64) -> f64 {
        self.parsed(name, "must be a number from 0 to 1", |ratio| (0.0..=1.0).contains(ratio))
            .unwrap_or(ordinary)
    }

    fn parsed<T: std::str::FromStr>(
        &mut self,
        name: &str,
        expected: &str,
        accepts: impl Fn(&T) -> bool,
    ) -> Option<T> {
        let text = self.text(name)?;
        let value = text.parse().ok().filter(accepts);
        if value.is_none() {
            self.refuse(name, expected);
        }
        value
    }
}
