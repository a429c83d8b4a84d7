//! Types of settings with their limits.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::Duration;

use crate::duration::{MAX_DURATION, format_duration, parse_duration};
use crate::format::FORMATS;
use crate::pattern::Pattern;
use crate::value::{Value, list_items, plain_integer};

/// A setting's type and limits.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Text without control characters; lengths in Unicode scalar values.
    Text {
        /// Fewest characters.
        min_length: usize,
        /// Most characters.
        max_length: usize,
        /// Pattern of the whole text.
        pattern: Option<Pattern>,
    },
    /// One of several texts.
    Choice {
        /// The texts, in the order of the schema.
        values: Vec<String>,
    },
    /// A whole number in plain decimal.
    Integer {
        /// Least value.
        minimum: i128,
        /// Greatest value.
        maximum: i128,
    },
    /// A number in plain decimal.
    Number {
        /// Least value.
        minimum: Option<f64>,
        /// Greatest value.
        maximum: Option<f64>,
        /// Pattern of exactly these numbers, which compares decimals and not what they round to.
        pattern: Pattern,
    },
    /// `true` or `false`.
    Boolean,
    /// A whole number of milliseconds, seconds, minutes or hours.
    Duration {
        /// Shortest.
        minimum: Duration,
        /// Longest.
        maximum: Duration,
    },
    /// A JSON array, or items with commas between.
    List {
        /// Type of each item; no list.
        items: Box<Kind>,
        /// Fewest items.
        min_items: usize,
        /// Most items.
        max_items: usize,
    },
}

/// The reason why a text is no value of a type; it holds nothing of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mismatch {
    /// Too few or too many characters: how many there are.
    Length(usize),
    /// Another type, or a value beyond the limits.
    Other,
    /// The item of this number, from 1.
    Item(usize),
}

impl Kind {
    /// Reads `text` as a value of this type.
    pub(crate) fn read<'a>(&self, text: &'a str) -> Result<Value<'a>, Mismatch> {
        self.read_cow(Cow::Borrowed(text))
    }

    fn read_cow<'a>(&self, text: Cow<'a, str>) -> Result<Value<'a>, Mismatch> {
        let value = match self {
            Self::Text { min_length, max_length, pattern } => {
                let length = text.chars().count();
                if !(*min_length..=*max_length).contains(&length) {
                    return Err(Mismatch::Length(length));
                }
                pattern.as_ref().is_none_or(|pattern| pattern.is_match(&text)).then_some(Value::Text(text))
            }
            Self::Choice { values } => values.iter().any(|value| *value == text).then_some(Value::Text(text)),
            Self::Integer { minimum, maximum } => plain_integer(&text)
                .filter(|number| (*minimum..=*maximum).contains(number))
                .map(Value::Integer),
            Self::Number { pattern, .. } => {
                pattern.is_match(&text).then(|| text.parse().ok()).flatten().map(Value::Number)
            }
            Self::Boolean => match &*text {
                "true" => Some(Value::Boolean(true)),
                "false" => Some(Value::Boolean(false)),
                _ => None,
            },
            Self::Duration { minimum, maximum } => parse_duration(&text)
                .is_some_and(|duration| (*minimum..=*maximum).contains(&duration))
                .then_some(Value::Text(text)),
            Self::List { items, min_items, max_items } => {
                return read_list(items, (*min_items, *max_items), text);
            }
        };
        value.ok_or(Mismatch::Other)
    }

    /// The sentence on the values of this type, for schemas without one: `must be …`.
    pub(crate) fn expected(&self) -> String {
        match self {
            Self::Text { pattern: Some(pattern), .. } => {
                let format = FORMATS.iter().find(|format| format.pattern == pattern.as_str());
                format.map_or_else(
                    || format!("text that matches {}", pattern.as_str()),
                    |format| format.expected.to_owned(),
                )
            }
            Self::Text { min_length: 0, max_length, .. } => {
                format!("any text of at most {max_length} characters")
            }
            Self::Text { min_length, max_length, .. } => {
                format!("any text of {min_length} to {max_length} characters")
            }
            Self::Choice { values } => one_of(values),
            Self::Integer { minimum, maximum } => format!("a whole number from {minimum} to {maximum}"),
            Self::Number { minimum, maximum, .. } => between("a number", *minimum, *maximum),
            Self::Boolean => "true or false".into(),
            Self::Duration { minimum, maximum } => {
                let limit = |limit: &Duration, is_limit: bool| is_limit.then(|| format_duration(*limit));
                let least = limit(minimum, *minimum > Duration::ZERO);
                let longest = limit(maximum, *maximum < MAX_DURATION);
                between("a duration such as 250ms, 30s, 5m or 2h", least, longest)
            }
            Self::List { items, min_items, max_items } => {
                let count = match (min_items, max_items) {
                    (0, &usize::MAX) => "items".into(),
                    (0, most) => format!("at most {most} items"),
                    (least, &usize::MAX) => format!("at least {least} items"),
                    (least, most) => format!("{least} to {most} items"),
                };
                format!("a list of {count}, each {}", items.expected())
            }
        }
    }
}

fn read_list<'a>(
    items: &Kind,
    (least, most): (usize, usize),
    text: Cow<'a, str>,
) -> Result<Value<'a>, Mismatch> {
    let texts = match text {
        Cow::Borrowed(text) => list_items(text),
        Cow::Owned(text) => {
            list_items(&text).map(|items| items.into_iter().map(|item| item.into_owned().into()).collect())
        }
    };
    let texts = texts.filter(|texts| (least..=most).contains(&texts.len())).ok_or(Mismatch::Other)?;
    let read =
        |(number, text): (usize, Cow<'a, str>)| items.read_cow(text).map_err(|_| Mismatch::Item(number));
    (1..).zip(texts).map(read).collect::<Result<_, _>>().map(Value::List)
}

fn one_of(values: &[String]) -> String {
    let shown: Vec<_> = values.iter().map(|value| if value.is_empty() { r#""""# } else { value }).collect();
    match shown.as_slice() {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

fn between<T: std::fmt::Display>(noun: &str, least: Option<T>, most: Option<T>) -> String {
    let mut text = noun.to_owned();
    // Writing to a String cannot fail.
    let _ = match (least, most) {
        (Some(least), Some(most)) => write!(text, " from {least} to {most}"),
        (Some(least), None) => write!(text, " of at least {least}"),
        (None, Some(most)) => write!(text, " of at most {most}"),
        (None, None) => Ok(()),
    };
    text
}
