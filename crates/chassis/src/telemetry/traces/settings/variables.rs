//! Reading one variable at a time. What the standard says to ignore is ignored and noted; a choice that is not supported here is
//! kept apart.

use std::ffi::OsString;
use std::fmt;
use std::num::IntErrorKind;
use std::time::Duration;

/// A queue of more spans would be a leak that looks like a setting.
const MAX_SPANS: u64 = 1 << 16;

/// Ten minutes: more is a mistake in the unit.
const MAX_MILLISECONDS: u64 = 600_000;

pub(super) struct Variables<'a> {
    read: &'a dyn Fn(&str) -> Option<OsString>,
    /// Values that are not used, each with its variable and what is used in its place.
    pub(super) ignored: Vec<String>,
    /// Choices of the standard, or of its usual extensions, that are not built in.
    pub(super) unsupported: Vec<String>,
}

/// The words that a variable may hold.
pub(super) struct Words<'a> {
    pub(super) supported: &'a [&'static str],
    /// Words that have a meaning elsewhere.
    pub(super) known: &'a [&'static str],
    /// What to do in place of a known one.
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

    /// None for an empty one too, as the standard says.
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

    /// The variable for traces alone when that is set, else the one for all signals.
    pub(super) fn otlp<T>(&mut self, what: &str, read: impl FnOnce(&mut Self, &str) -> T) -> T {
        let own = format!("OTEL_EXPORTER_OTLP_TRACES_{what}");
        let is_blank = |value: OsString| value.to_str().is_some_and(|text| text.trim().is_empty());
        let is_set = (self.read)(&own).is_some_and(|value| !is_blank(value));
        let name = if is_set { own } else { format!("OTEL_EXPORTER_OTLP_{what}") };
        read(self, &name)
    }

    /// One of some words, in any case. Only a word that is known is shown: what is not could be anything.
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

    /// A time in which something must be done. The standard takes zero for no limit, which is the longest time here.
    pub(super) fn timeout(&mut self, name: &str, ordinary: u64) -> Duration {
        match self.number(name, "milliseconds", ordinary, MAX_MILLISECONDS) {
            0 => Duration::from_millis(MAX_MILLISECONDS),
            number => Duration::from_millis(number),
        }
    }

    pub(super) fn delay(&mut self, name: &str, ordinary: u64) -> Duration {
        Duration::from_millis(self.number(name, "milliseconds", ordinary, MAX_MILLISECONDS).max(1))
    }

    pub(super) fn spans(&mut self, name: &str, ordinary: u64) -> u64 {
        match self.number(name, "spans", ordinary, MAX_SPANS) {
            0 => {
                self.ignore(name, format_args!("must be at least 1; {ordinary} is used"));
                ordinary
            }
            number => number,
        }
    }

    pub(super) fn ratio(&mut self, name: &str, ordinary: f64) -> f64 {
        let Some(text) = self.text(name) else { return ordinary };
        let ratio = text.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
        if ratio.is_none() {
            self.ignore(name, format_args!("must be a number from 0 to 1; {ordinary} is used"));
        }
        ratio.unwrap_or(ordinary)
    }

    fn number(&mut self, name: &str, unit: &str, ordinary: u64, most: u64) -> u64 {
        let Some(text) = self.text(name) else { return ordinary };
        match text.parse::<u64>() {
            Ok(number) if number <= most => number,
            Err(error) if *error.kind() != IntErrorKind::PosOverflow => {
                self.ignore(name, format_args!("must be a whole number of {unit}; {ordinary} is used"));
                ordinary
            }
            Ok(_) | Err(_) => {
                self.ignore(name, format_args!("must not be above {most}, which is used"));
                most
            }
        }
    }
}
