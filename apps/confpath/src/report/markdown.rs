//! Text of others in Markdown, so that nothing in it is interpreted.

use super::text::one_line;

/// Formats `text` as code. Every character with a meaning in Markdown, HTML or a table is an entity, and platforms look for names
/// of people and of issues outside of code only.
pub(super) fn code(text: &str) -> String {
    let entity = |c: char| -> String {
        match c {
            // Apart from the text around it, so that no address of mail becomes a link.
            '@' => "<span>&#64;</span>".into(),
            _ if c.is_alphanumeric() || c == ' ' => c.into(),
            _ => format!("&#{};", u32::from(c)),
        }
    };
    format!("<code>{}</code>", one_line(text).chars().map(entity).collect::<String>())
}

/// A table of cells that are Markdown.
pub(super) fn table<const N: usize>(
    head: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> Vec<String> {
    let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
    let mut lines = vec![line(&head.map(str::to_owned)), format!("|{}", "---|".repeat(N))];
    lines.extend(rows.into_iter().map(|row| line(&row)));
    lines
}
