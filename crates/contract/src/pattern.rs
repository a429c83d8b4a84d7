//! Patterns, in the subset of regular expressions that RE2, ECMAScript and this crate read alike.

use regex_lite::Regex;

use crate::portable::{check_portable, is_one_group};

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

impl Pattern {
    /// Compiles `text`, which is searched for.
    ///
    /// # Errors
    /// The text is no regular expression, or not one that every engine reads alike.
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        let pattern = Regex::new(text).map(Self).map_err(|error| format!("pattern: {error}"))?;
        check_portable(text).map_err(|reason| format!("pattern: {reason}"))?;
        Ok(pattern)
    }

    /// Compiles a pattern of a whole text. A search and a match of the whole give the same verdict only with anchors around a
    /// group, so nothing else is accepted.
    pub(crate) fn of_whole_text(text: &str) -> Result<Self, String> {
        if is_one_group(text) {
            Self::new(text)
        } else {
            Err("a pattern must have the form ^(?:…)$".into())
        }
    }

    /// Returns true if the pattern is found in `text`.
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// The source text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}
