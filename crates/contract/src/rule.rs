//! Rules for texts, in words that every reader has: lengths and regular expressions.

use crate::duration::UNITS;
use crate::kind::Kind;
use crate::number_pattern::number_pattern;

/// The class of characters that no value holds.
pub const UNFIT_CHARACTERS: &str = r"[\x00-\x1f\x7f-\x{9f}\x{2028}\x{2029}\x{feff}\x{fffe}\x{ffff}]";

/// The rule for a text of one kind. It gives the same verdict as [`Key::violations`](crate::Key::violations), in words that every
/// reader of a contract has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// One value.
    Text(TextRule),
    /// A list.
    List {
        /// The rule for each item.
        items: TextRule,
        /// Fewest items.
        min_items: usize,
        /// Most items; `None` for any number.
        max_items: Option<usize>,
    },
}

/// The rule for a text without structure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextRule {
    /// Fewest Unicode scalar values.
    pub min_length: usize,
    /// Most Unicode scalar values; `None` where the pattern is enough.
    pub max_length: Option<usize>,
    /// Portable pattern of the whole text, `^(?:…)$`.
    pub pattern: Option<String>,
    /// The values in words: `must be …`.
    pub expected: String,
}

impl Kind {
    /// The rule for texts of this kind.
    pub fn rule(&self) -> Rule {
        match self {
            Self::List { items, min_items, max_items } => Rule::List {
                items: items.text_rule(),
                min_items: *min_items,
                max_items: Some(*max_items).filter(|most| *most < usize::MAX),
            },
            Self::Text { .. }
            | Self::Choice { .. }
            | Self::Integer { .. }
            | Self::Number { .. }
            | Self::Boolean
            | Self::Duration { .. } => Rule::Text(self.text_rule()),
        }
    }

    fn text_rule(&self) -> TextRule {
        let (min_length, max_length) = match self {
            Self::Text { min_length, max_length, .. } => (*min_length, Some(*max_length)),
            Self::Choice { .. }
            | Self::Integer { .. }
            | Self::Number { .. }
            | Self::Boolean
            | Self::Duration { .. }
            | Self::List { .. } => (0, None),
        };
        TextRule { min_length, max_length, pattern: self.pattern(), expected: self.expected() }
    }

    /// A pattern of exactly the texts of this type, but for the length of a text; `None` for a text of any characters and for a list.
    pub fn pattern(&self) -> Option<String> {
        match self {
            Self::Text { pattern, .. } => pattern.as_ref().map(|pattern| pattern.as_str().to_owned()),
            Self::Choice { values } => {
                let values: Vec<_> = values.iter().map(|value| escape(value)).collect();
                Some(format!("^(?:{})$", values.join("|")))
            }
            Self::Integer { minimum, maximum } => Some(format!("^{}$", number_pattern(*minimum, *maximum))),
            Self::Number { pattern, .. } => Some(pattern.as_str().to_owned()),
            Self::Boolean => Some("^(?:true|false)$".into()),
            Self::Duration { minimum, maximum } => {
                Some(duration_pattern(minimum.as_millis(), maximum.as_millis()))
            }
            Self::List { .. } => None,
        }
    }
}

/// Durations from `minimum` to `maximum`, in milliseconds: in each unit a range of whole numbers.
fn duration_pattern(minimum: u128, maximum: u128) -> String {
    let of_unit = |(name, millis): (&str, u64)| {
        let millis = u128::from(millis);
        let (least, most) = (minimum.div_ceil(millis), maximum / millis);
        let range = || Some((i128::try_from(least).ok()?, i128::try_from(most).ok()?));
        let (least, most) = range().filter(|(least, most)| least <= most)?;
        Some(format!("{}{name}", number_pattern(least, most)))
    };
    let units: Vec<_> = UNITS.into_iter().filter_map(of_unit).collect();
    format!("^(?:{})$", units.join("|"))
}

/// The pattern of exactly `text`. Only what every engine reads alike is escaped: ECMAScript refuses needless escapes.
fn escape(text: &str) -> String {
    let escaped = text.chars().map(|character| {
        let is_special = r"^$\.*+?()[]{}|/".contains(character);
        if is_special { format!("\\{character}") } else { character.into() }
    });
    escaped.collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::{Rule, TextRule, UNFIT_CHARACTERS, escape};
    use crate::Contract;
    use crate::portable::check_portable;
    use crate::value::{LIST_ITEM_PATTERN, LIST_PATTERN};

    /// The verdict of a reader that has nothing but regular expressions.
    fn accepts(rule: &Rule, text: &str) -> bool {
        let matches = |pattern: &str, text: &str| regex_lite::Regex::new(pattern).unwrap().is_match(text);
        let accepts_text = |rule: &TextRule, text: &str| {
            let length = text.chars().count();
            length >= rule.min_length
                && rule.max_length.is_none_or(|most| length <= most)
                && rule.pattern.as_ref().is_none_or(|pattern| matches(pattern, text))
        };
        let is_fit = !matches(UNFIT_CHARACTERS, text);
        is_fit
            && match rule {
                Rule::Text(rule) => accepts_text(rule, text),
                Rule::List { items, min_items, max_items } => {
                    let texts: Vec<String> = if text.is_empty() {
                        Vec::new()
                    } else if !text.starts_with('[') {
                        text.split(',').map(|item| item.trim_matches(' ').to_owned()).collect()
                    } else if matches(LIST_PATTERN, text) {
                        let found = regex_lite::Regex::new(LIST_ITEM_PATTERN).unwrap();
                        let item = |item: &str| match item.strip_prefix('"') {
                            Some(item) => {
                                let item = &item[..item.len() - 1];
                                item.replace(r"\\", "\x01").replace("\\\"", "\"").replace('\x01', "\\")
                            }
                            None => item.to_owned(),
                        };
                        found.find_iter(text).map(|found| item(found.as_str())).collect()
                    } else {
                        return false;
                    };
                    texts.len() >= *min_items
                        && max_items.is_none_or(|most| texts.len() <= most)
                        && texts.iter().all(|text| accepts_text(items, text))
                }
            }
    }

    fn contract() -> Contract {
        let duration =
            json!({ "type": "string", "format": "duration-text", "x-minimum": "1500ms", "x-maximum": "2h" });
        Contract::from_schema(json!({ "properties": {
            "TEXT": { "type": "string", "minLength": 1, "maxLength": 4 },
            "CHOICE": { "type": "string", "enum": ["a.b", "#~&-", "é"] },
            "INTEGER": { "type": "integer", "minimum": -3, "maximum": 120 },
            "NUMBER": { "type": "number", "minimum": -0.5, "maximum": 2.25 },
            "SWITCH": { "type": "boolean" },
            "ANY_WAIT": { "type": "string", "format": "duration-text" },
            "WAIT": duration,
            "TEXTS": { "type": "array", "items": { "type": "string", "maxLength": 3 }, "maxItems": 3 },
            "NUMBERS": { "type": "array", "items": { "type": "number" }, "minItems": 1 },
            "WAITS": { "type": "array", "items": duration },
        } }))
        .unwrap()
    }

    #[test]
    fn every_pattern_is_portable() {
        for key in contract().keys() {
            if let Some(pattern) = key.kind.pattern() {
                assert_eq!(check_portable(&pattern), Ok(()), "{}", key.name);
            }
        }
        for pattern in [LIST_PATTERN, LIST_ITEM_PATTERN, &escape("^$\\.*+?()[]{}|/-#~& é")] {
            assert_eq!(check_portable(pattern), Ok(()), "{pattern}");
        }
    }

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            "[-0-9.]{0,6}",
            "[0-9]{1,5}(ms|s|m|h|d)",
            "(true|false|a\\.b|#~&-|é|)",
            r#"\[ ?("([^"\\]|\\["\\n])*"|-?[0-9.]{1,4}|true|null)?( ?, ?("([^"\\]|\\["\\u])*"|[0-9]{1,3}))* ?\]?"#,
            "([a-z0-9 ]{0,4},){0,4}[a-z0-9ms.]{0,4}",
            "[ -~é\u{1f600}\t\u{2028}]{0,8}",
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

        #[test]
        fn rule_and_kind_give_the_same_verdict(text in text()) {
            for key in contract().keys() {
                let violations = key.violations(&text);
                prop_assert_eq!(accepts(&key.kind.rule(), &text), violations.is_empty(), "{} {:?}", key.name, violations);
            }
        }

        #[test]
        fn duration_is_within_its_limits(number in 0_u64..10_000, unit in "(ms|s|m|h)") {
            let text = format!("{number}{unit}");
            let contract = contract();
            let millis = crate::parse_duration(&text).unwrap().as_millis();
            let is_valid = (1500..=7_200_000).contains(&millis);
            prop_assert_eq!(contract.key("WAIT").unwrap().violations(&text).is_empty(), is_valid);
        }
    }
}
