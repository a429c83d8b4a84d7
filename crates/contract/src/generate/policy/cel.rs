//! Texts as CEL.

use std::fmt::Write as _;

/// A string literal that holds printable characters only, so that YAML takes it as it is. A raw string where this is easier to read.
pub(super) fn literal(text: &str) -> String {
    let quote = ['"', '\''].into_iter().find(|quote| !text.contains(*quote));
    if let Some(quote) = quote
        && text.contains('\\')
        && text.chars().all(is_printable)
    {
        return format!("r{quote}{text}{quote}");
    }
    let mut literal = "\"".to_owned();
    for character in text.chars() {
        match character {
            '"' | '\\' => literal.extend(['\\', character]),
            other if is_printable(other) => literal.push(other),
            // Writing to a String cannot fail.
            other => drop(write!(literal, "\\U{:08x}", u32::from(other))),
        }
    }
    literal.push('"');
    literal
}

/// A literal of a part of a message, which the API server takes on one line only.
pub(super) fn message(text: &str) -> String {
    let is_break = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    literal(&text.replace(is_break, " "))
}

/// A list literal of texts.
pub(super) fn list<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let literals: Vec<_> = texts.into_iter().map(literal).collect();
    format!("[{}]", literals.join(", "))
}

fn is_printable(character: char) -> bool {
    !character.is_control()
        && !matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::{literal, message};

    #[test]
    fn literal_holds_printable_characters_only() {
        assert_eq!(literal("é😀"), "\"é😀\"");
        assert_eq!(literal(r"^(?:a\.b)$"), r#"r"^(?:a\.b)$""#);
        assert_eq!(literal(r#"\""#), r#"r'\"'"#);
        assert_eq!(literal(r#"\"'"#), r#""\\\"'""#);
        assert_eq!(literal("\\\u{feff}\n"), r#""\\\U0000feff\U0000000a""#);
    }

    #[test]
    fn message_stays_on_one_line() {
        assert_eq!(message(" must\nbe\u{2028}so"), "\" must be so\"");
    }
}
