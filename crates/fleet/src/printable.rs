//! Escaping of text from other processes for a terminal.

/// Formats `text` as one line of at most `max_chars` characters. Control characters, line breaks and all characters that move a
/// cursor or change the direction of writing are escaped, so that the author of the text cannot forge a line.
pub fn printable(text: &str, max_chars: usize) -> String {
    let mut shown = String::new();
    let mut n_chars = 0;
    for c in text.chars() {
        let escaped: String = if matches!(c, ' '..='~') { c.into() } else { c.escape_debug().collect() };
        n_chars += escaped.chars().count();
        if n_chars > max_chars {
            shown.push('…');
            break;
        }
        shown.push_str(&escaped);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_moves_a_cursor_is_left() {
        for (text, expected) in [
            ("not \"x\" (café, 日本)", "not \"x\" (café, 日本)"),
            ("\u{1b}[2J\r\nmyapp: 3 replicas agree", "\\u{1b}[2J\\r\\nmyapp: 3 replicas agree"),
            ("\u{9b}2J\u{7f}\u{85}\t", "\\u{9b}2J\\u{7f}\\u{85}\\t"),
            (
                "\u{2028}\u{2029}\u{202e}\u{2066}\u{200b}\u{feff}",
                "\\u{2028}\\u{2029}\\u{202e}\\u{2066}\\u{200b}\\u{feff}",
            ),
        ] {
            assert_eq!(printable(text, 100), expected);
        }
    }

    #[test]
    fn long_text_is_cut() {
        assert_eq!(printable(&"x".repeat(11), 10), format!("{}…", "x".repeat(10)));
        assert_eq!(printable(&"x".repeat(10), 10), "x".repeat(10));
        assert_eq!(printable(&"\n".repeat(10), 5), "\\n\\n…");
    }
}
