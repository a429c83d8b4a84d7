//! Typed values of texts.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex_lite::Regex;

/// The pattern of a list that begins with `[`: a JSON array of strings with no escapes but `\"` and `\\`, of plain decimals, `true` and
/// `false`. Any other text is split at its commas.
pub const LIST_PATTERN: &str = r#"^(?:\[ *(?:(?:"(?:[^"\\]|\\["\\])*"|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?|true|false) *(?:, *(?:"(?:[^"\\]|\\["\\])*"|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?|true|false) *)*)?\])$"#;

/// The pattern that finds the items of a list that matches [`LIST_PATTERN`], one after the other.
pub const LIST_ITEM_PATTERN: &str = r#""(?:[^"\\]|\\["\\])*"|[^",\[\] ]+"#;

/// Compiled once; a test compiles both.
static LIST: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(LIST_PATTERN).ok());
static LIST_ITEM: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(LIST_ITEM_PATTERN).ok());

/// A text read by the type of its key. Durations stay text: the type that holds one parses it with
/// [`parse_duration`](crate::parse_duration).
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// Text, a choice or a duration. Borrowed, so that no copy of a secret is made.
    Text(Cow<'a, str>),
    /// A whole number.
    Integer(i128),
    /// A finite number.
    Number(f64),
    /// A switch.
    Boolean(bool),
    /// A list of any of these but lists.
    List(Vec<Value<'a>>),
}

/// Parses a whole number in the one canonical way: no plus sign, blank, leading zero, exponent or fraction, and no `-0`.
pub(crate) fn plain_integer(text: &str) -> Option<i128> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_negative = digits.len() < text.len();
    let is_canonical =
        (digits == "0" && !is_negative) || digits.starts_with(|c: char| matches!(c, '1'..='9'));
    (is_canonical && digits.bytes().all(|c| c.is_ascii_digit())).then(|| text.parse().ok())?
}

/// The texts of a list's items: of a JSON array in the plain form or, in any other text, between commas and without the blanks
/// around them. An empty text is an empty list.
pub(crate) fn list_items(text: &str) -> Option<Vec<Cow<'_, str>>> {
    if text.starts_with('[') {
        let (list, item) = (LIST.as_ref()?, LIST_ITEM.as_ref()?);
        return list
            .is_match(text)
            .then(|| item.find_iter(text).map(|item| item_text(item.as_str())).collect());
    }
    if text.is_empty() {
        return Some(Vec::new());
    }
    Some(text.split(',').map(|item| Cow::Borrowed(item.trim_matches(' '))).collect())
}

/// The text of an item of a JSON array: a string, of which two escapes are undone, or a bare token.
fn item_text(item: &str) -> Cow<'_, str> {
    let string = item.strip_prefix('"').and_then(|item| item.strip_suffix('"'));
    match string {
        Some(string) if string.contains('\\') => {
            let mut characters = string.chars();
            let text = std::iter::from_fn(|| match characters.next()? {
                '\\' => characters.next(),
                other => Some(other),
            });
            Cow::Owned(text.collect())
        }
        string => Cow::Borrowed(string.unwrap_or(item)),
    }
}
