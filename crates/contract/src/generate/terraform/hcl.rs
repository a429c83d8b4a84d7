//! Text of Terraform's language, as `terraform fmt` writes it.

use std::fmt::Write as _;

/// A string of Terraform's language, in which nothing is a template.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// The content of [`quoted`], for a string that also holds a template.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '\\' => escaped.push_str(r"\\"),
            '"' => escaped.push_str(r#"\""#),
            '\n' => escaped.push_str(r"\n"),
            // A byte order mark is dropped where it stands; the others would be invisible.
            '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => {
                // Writing to a String cannot fail.
                let _ = write!(escaped, "\\u{:04x}", u32::from(character));
            }
            other => escaped.push(other),
        }
    }
    escaped.replace("${", "$${").replace("%{", "%%{")
}

/// A pattern as a string. Terraform composes characters (Unicode NFC), in strings and in values: a decomposed one, written as
/// code points, refuses the composed text, as the service does.
pub(super) fn pattern(pattern: &str) -> String {
    let mut text = String::new();
    for character in pattern.chars() {
        if matches!(character, ' '..='~') {
            text.push(character);
        } else {
            // Writing to a String cannot fail.
            let _ = write!(text, "\\x{{{:x}}}", u32::from(character));
        }
    }
    quoted(&text)
}

/// Arguments of a block or entries of an object, one a line, with their values below each other.
pub(super) fn attributes<N: AsRef<str>>(entries: &[(N, String)], indent: &str) -> String {
    let width = entries.iter().map(|(name, _)| name.as_ref().len()).max().unwrap_or_default();
    entries.iter().map(|(name, value)| format!("{indent}{:width$} = {value}\n", name.as_ref())).collect()
}

/// The name of an object's entry. As a name `null` is a value, and `for` begins an expression.
pub(super) fn entry_name(name: &str) -> String {
    let is_word = matches!(name, "for" | "null" | "true" | "false");
    if is_word { format!("\"{name}\"") } else { name.to_owned() }
}
