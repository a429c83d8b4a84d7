//! Habits of the libraries that print JSON Schema.

use super::draft::Draft;
use super::keywords::Keywords;
use super::place::Place;

/// Meaning of a library's schemas.
pub(super) struct Dialect {
    /// Replaces the library's own notations by those of JSON Schema and of contracts.
    pub(super) adjust: fn(&mut Subject<'_>),
    /// True if a value that is `null` may as well be absent.
    pub(super) null_is_absent: bool,
}

/// JSON Schema without habits.
pub(super) const PLAIN: Dialect = Dialect { adjust: |_| {}, null_is_absent: true };

/// One setting, or the items of one.
pub(super) struct Subject<'a> {
    pub(super) name: &'a str,
    pub(super) keywords: &'a mut Keywords,
    pub(super) place: &'a Place,
    pub(super) draft: &'a mut Draft,
}

impl Subject<'_> {
    pub(super) fn set(&mut self, name: &str, value: impl Into<serde_json::Value>) {
        self.keywords.set(name, value, self.place);
    }

    /// Refuses a keyword and takes it out, so that it is refused once.
    pub(super) fn refuse(&mut self, keyword: &str, message: impl Into<String>) {
        let place = self.keywords.take(keyword).map(|keyword| keyword.place);
        self.draft.refuse(&place.unwrap_or_else(|| self.place.clone()), message);
    }

    pub(super) fn note(&mut self, message: &str) {
        let note = format!("{}: {message}", self.name);
        if !self.draft.notes.contains(&note) {
            self.draft.notes.push(note);
        }
    }
}
