//! Reader of single variables. Values that the standard ignores are noted; choices that are not supported are noted separately.

use std::ffi::OsString;
use std::fmt;
use std::num::IntErrorKind;
use std::time::Duration;

/// Maximum size of the queue: a larger one would be a memory leak by configuration.
const MAX_SPANS: u64 = 1 << 16;

/// Maximum time, ten minutes: a longer one is a mistake in the unit.
const MAX_MILLISECONDS: u64 = 600_000;

pub(super) struct Variables<'a> {
    read: &'a dyn Fn(&str) -> Option<OsString>,
    /// Ignored values, each with its variable and the value used instead.
    pub(super) ignored: Vec<String>,
    /// Choices of the standard, or of its common extensions, that are not built in.
    pub(super) unsupported: Vec<String>,
}

/// Words that a variable may have.
pub(super) struct Words<'a> {
    pub(super) supported: &'a [&'static str],
    /// Words that other implementations support.
    pub(super) known: &'a [&'static str],
    /// Advice for a known word that is not supported.
    pub(super) advice: &'a str,
}

impl<'a> Variables<'a> {
    pub(super) fn new(read: &'a dyn Fn(&str) -> Option<OsString>) -> Self {
        Self { read, ignored: Vec::new(), unsupported: Vec::new() }
    }

    pub(super) fn ignore(&mut self, name: &str, problem: impl fmt::Display) {
        self.ignored.push(format!("{name}: {problem}"));
    }

    pub(super) fn refuse(&mut self, name: &str, problem: impl fmt::Display) {
        self.unsupported.push(format!("{name}: {problem}"));
    }

    /// Reads a text; `None` also for an empty one, as the standard requires.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        let value = (self.read)(name)?;
        match value.into_string() {
            Ok(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            Err(_) => {
                self.ignore(name, "is not UTF-8 text; taken for unset");
                None
            }
        }
    }

    /// Reads the variable for traces if it is set; otherwise the one for all signals.
    pub(super) fn otlp<T>(&mut self, what: &str, read: impl FnOnce(&mut Self, &str) -> T) -> T {
        let own = format!("OTEL_EXPORTER_OTLP_TRACES_{what}");
        let is_blank = |value: OsString| value.to_str().is_some_and(|text| text.trim().is_empty());
        let is_set = (self.read)(&own).is_some_and(|value| !is_blank(value));
        let name = if is_set { own } else { format!("OTEL_EXPORTER_OTLP_{what}") };
        read(self, &name)
    }

    /// Reads one of some words, in any case. Notes show known words only: an unknown one could be anything.
    pub(super) fn choice(&mut self, name: &str, words: &Words<'_>) -> Option<&'static str> {
        let text = self.text(name)?;
        let among =
            |words: &[&'static str]| words.iter().copied().find(|word| word.eq_ignore_ascii_case(&text));
        let Words { supported, known, advice } = words;
        let chosen = among(supported);
        let word = if chosen.is_none() { among(known) } else { None };
        if let Some(word) = word {
            self.refuse(name, format_args!("{word} is not supported; {advice}"));
        } else if chosen.is_none() {
            self.ignore(name, format_args!("must be {}; the default is used", supported.join(" or ")));
        }
        chosen
    }

    /// Reads a timeout. Zero means no limit in the standard, which is the maximum here.
    pub(super) fn timeout(&mut self, name: &str, default: u64) -> Duration {
        match self.number(name, "milliseconds", default, MAX_MILLISECONDS) {
            0 => Duration::from_millis(MAX_MILLISECONDS),
            number => Duration::from_millis(number),
        }
    }

    pub(super) fn delay(&mut self, name: &str, default: u64) -> Duration {
        Duration::from_millis(self.number(name, "milliseconds", default, MAX_MILLISECONDS).max(1))
    }

    pub(super) fn spans(&mut self, name: &str, default: u64) -> u64 {
        match self.number(name, "spans", default, MAX_SPANS) {
            0 => {
                self.ignore(name, format_args!("must be at least 1; {default} is used"));
                default
            }
            number => number,
        }
    }

    pub(super) fn ratio(&mut self, name: &str, default: f64) -> f64 {
        let Some(text) = self.text(name) else { return default };
        let ratio = text.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
        if ratio.is_none() {
            self.ignore(name, format_args!("must be a number from 0 to 1; {default} is used"));
        }
        ratio.unwrap_or(default)
    }

    fn number(&mut self, name: &str, unit: &str, default: u64, max: u64) -> u64 {
        let Some(text) = self.text(name) else { return default };
        match text.parse::<u64>() {
            Ok(number) if number <= max => number,
            Err(error) if *error.kind() != IntErrorKind::PosOverflow => {
                self.ignore(name, format_args!("must be a whole number of {unit}; {default} is used"));
                default
            }
            Ok(_) | Err(_) => {
                self.ignore(name, format_args!("must not be above {max}, which is used"));
                max
            }
        }
    }
}
