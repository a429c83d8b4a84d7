//! The verdict on one text.

use crate::contract::Contract;
use crate::key::Key;
use crate::kind::{Kind, Mismatch};
use crate::value::Value;

impl Key {
    /// Every reason why `text` is not a value of this key; empty if it is one.
    ///
    /// A reason names the rule and never holds a part of the value: an editor may have pasted a password into any key.
    pub fn violations(&self, text: &str) -> Vec<String> {
        let mut reasons = Vec::new();
        if let Some((position, name)) = text.chars().enumerate().find_map(|(i, c)| Some((i, unfit(c)?))) {
            reasons.push(format!("contains {name} at character {}", position + 1));
        }
        match (self.kind.read(text), &self.kind) {
            (Err(Mismatch::Length(length)), Kind::Text { min_length, max_length, .. }) => {
                reasons.push(format!("must have {min_length} to {max_length} characters, has {length}"));
            }
            (Err(Mismatch::Item(number)), Kind::List { items, .. }) if reasons.is_empty() => {
                reasons.push(format!("item {number} must be {}", items.expected()));
            }
            (Err(_), _) if reasons.is_empty() => {
                let faults = self.explain.map(|explain| explain(text).join("; ")).unwrap_or_default();
                let faults = if faults.is_empty() { faults } else { format!(": {faults}") };
                reasons.push(format!("must be {}{faults}", self.expected));
            }
            (Ok(_) | Err(_), _) => {}
        }
        if let Some(refused) = &self.refused
            && refused.pattern.is_match(text)
        {
            reasons.push(refused.because.clone());
        }
        reasons
    }

    /// Reads `text` as a value of this key's type; `None` where it is none.
    pub fn value<'a>(&self, text: &'a str) -> Option<Value<'a>> {
        self.kind.read(text).ok()
    }
}

/// One reason why a configuration is refused.
#[derive(Debug)]
pub struct Violation<'a> {
    /// The key.
    pub key: &'a Key,
    /// The rule, as a lower-case fragment that holds nothing of a value.
    pub reason: String,
    /// True if no value was given, or an empty one where a rule requires more.
    pub is_missing: bool,
}

impl Contract {
    /// The verdict on a whole configuration: every reason why it is refused, the keys' own in their order and then those of
    /// rules between keys; empty if it is accepted.
    ///
    /// `value_of` gives the effective text of a key.
    pub fn violations<'a>(&self, value_of: impl Fn(&str) -> Option<&'a str>) -> Vec<Violation<'_>> {
        let missing = |key, reason| Violation { key, reason, is_missing: true };
        let mut violations = Vec::new();
        for key in self.keys() {
            match value_of(&key.name) {
                Some(text) => violations.extend(key.violations(text).into_iter().map(|reason| Violation {
                    key,
                    reason,
                    is_missing: false,
                })),
                None if key.required => violations.push(missing(key, "is required and not given".into())),
                None => {}
            }
        }
        violations
            .extend(self.missing_by_rule(value_of).into_iter().map(|(key, reason)| missing(key, reason)));
        violations
    }

    /// The keys that another key's value makes required and that are missing or empty, each with the reason.
    ///
    /// `value_of` gives the effective text of a key.
    fn missing_by_rule<'a>(&self, value_of: impl Fn(&str) -> Option<&'a str>) -> Vec<(&Key, String)> {
        let is_due = |key: &&Key| {
            key.required_when.as_ref().is_some_and(|rule| {
                value_of(&key.name).is_none_or(str::is_empty)
                    && value_of(&rule.key).is_some_and(|text| rule.pattern.is_match(text))
            })
        };
        self.keys()
            .iter()
            .filter(is_due)
            .filter_map(|key| {
                let rule = key.required_when.as_ref()?;
                Some((key, format!("is required, since {}", rule.because)))
            })
            .collect()
    }
}

/// The name of a character that no value may hold: it would be lost or changed in YAML (1.2, 5.1), in an environment
/// variable or in a line of a log, and is there by mistake.
fn unfit(character: char) -> Option<&'static str> {
    match character {
        '\0' => Some("a NUL"),
        '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some("a line break"),
        '\t' => Some("a tab"),
        '\u{feff}' => Some("a byte order mark"),
        '\u{fffe}' | '\u{ffff}' => Some("a code point that is no character"),
        other => other.is_control().then_some("a control character"),
    }
}
