//! Whether one text is a value of its key.

use super::{Contract, Key, Kind};

impl Key {
    /// Every reason why `text` is not a value of this key; empty if it is one.
    ///
    /// A reason names the rule and never holds anything of the value: whoever edits may have pasted a password into any
    /// key.
    pub fn violations(&self, text: &str) -> Vec<String> {
        let mut reasons = Vec::new();
        if let Some((position, name)) = text.chars().enumerate().find_map(|(i, c)| Some((i, unfit(c)?))) {
            reasons.push(format!("contains {name} at character {}", position + 1));
        }
        match &self.kind {
            Kind::Text { min_length, max_length, pattern } => {
                let length = text.chars().count();
                if length < *min_length || length > *max_length {
                    reasons.push(format!("must have {min_length} to {max_length} characters, has {length}"));
                } else if reasons.is_empty() && pattern.as_ref().is_some_and(|p| !p.is_match(text)) {
                    let faults = self.explain.map(|explain| explain(text).join("; ")).unwrap_or_default();
                    let faults = if faults.is_empty() { faults } else { format!(": {faults}") };
                    reasons.push(format!("must be {}{faults}", self.expected));
                }
            }
            Kind::Integer { minimum, maximum } => {
                let value = plain_decimal(text);
                if reasons.is_empty() && !value.is_some_and(|n| (*minimum..=*maximum).contains(&n)) {
                    reasons.push(format!("must be {}", self.expected));
                }
            }
        }
        if let Some((pattern, because)) = &self.refused
            && pattern.is_match(text)
        {
            reasons.push(because.clone());
        }
        reasons
    }
}

impl Contract {
    /// The keys that another key's value makes required and that are missing or empty, each with the reason.
    ///
    /// `value_of` gives the effective text of a key.
    pub(crate) fn missing_by_rule<'a>(
        &self,
        value_of: impl Fn(&str) -> Option<&'a str>,
    ) -> Vec<(&Key, String)> {
        let is_due = |key: &&Key| {
            key.required_when.as_ref().is_some_and(|rule| {
                value_of(&key.name).is_none_or(str::is_empty)
                    && value_of(&rule.key).is_some_and(|text| rule.pattern.is_match(text))
            })
        };
        self.keys
            .iter()
            .filter(is_due)
            .filter_map(|key| {
                let rule = key.required_when.as_ref()?;
                Some((key, format!("is required, since {}", rule.because)))
            })
            .collect()
    }
}

/// The number that `text` writes in the one canonical way: no sign, blank, leading zero, exponent or fraction.
pub(crate) fn plain_decimal(text: &str) -> Option<i64> {
    let canonical = text == "0" || text.starts_with(|c: char| c.is_ascii_digit() && c != '0');
    (canonical && text.chars().all(|c| c.is_ascii_digit())).then(|| text.parse().ok())?
}

/// What a character is called that no value may hold: it would be lost or changed in YAML (1.2, 5.1), in an environment
/// variable or in a line of a log, and stands there by mistake.
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
