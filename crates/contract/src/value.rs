//! Typed values of texts.

use std::borrow::Cow;

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

/// Parses a number in plain decimal: a whole part without leading zeros and, after a point, any digits.
pub(crate) fn plain_number(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    let is_canonical = whole == "0" || !whole.starts_with('0');
    let is_plain = are_digits(whole) && is_canonical && are_digits(fraction);
    is_plain.then(|| text.parse().ok())?.filter(|number: &f64| number.is_finite())
}

/// The texts of a list's items: of a JSON array of scalars or, in any other text, between commas and without the blanks
/// around them. An empty text is an empty list.
pub(crate) fn list_items(text: &str) -> Option<Vec<Cow<'_, str>>> {
    if text.starts_with('[') {
        let items: Vec<serde_json::Value> = serde_json::from_str(text).ok()?;
        return items.into_iter().map(scalar_text).collect();
    }
    if text.is_empty() {
        return Some(Vec::new());
    }
    Some(text.split(',').map(|item| Cow::Borrowed(item.trim_matches(' '))).collect())
}

fn scalar_text(value: serde_json::Value) -> Option<Cow<'static, str>> {
    match value {
        serde_json::Value::String(text) => Some(text.into()),
        serde_json::Value::Bool(_) | serde_json::Value::Number(_) => Some(value.to_string().into()),
        serde_json::Value::Null | serde_json::Value::Array(_) | serde_json::Value::Object(_) => None,
    }
}
