//! Generated regions of hand-written files, each between two lines with marks.

use std::fmt::Write as _;

/// The words of a mark before the name of its region.
const BEGIN: &str = "confpath generate: begin ";
const END: &str = "confpath generate: end ";

/// Returns true if `text` has a region of that name.
pub(crate) fn has(text: &str, name: &str) -> bool {
    text.lines().any(|line| marked(line, BEGIN) == Some(name))
}

/// Puts `content` into the region `name` of `text`, each line indented as the mark is.
///
/// # Errors
/// The line and the reason why there is not exactly one whole region, as a sentence without its subject.
pub(crate) fn fill(text: &str, name: &str, content: &str) -> Result<String, (usize, String)> {
    let mut filled = String::new();
    let mut begins: Option<usize> = None;
    let mut is_done = false;
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        if marked(line, BEGIN) == Some(name) {
            if is_done || begins.is_some() {
                return Err((number, "begins a second time".into()));
            }
            begins = Some(number);
            filled.push_str(line);
            let indent = &line[..line.len() - line.trim_start().len()];
            for content in content.lines() {
                let indent = if content.is_empty() { "" } else { indent };
                // Writing to a String cannot fail.
                let _ = writeln!(filled, "{indent}{content}");
            }
        } else if marked(line, END) == Some(name) {
            if begins.take().is_none() {
                return Err((number, "ends and has not begun".into()));
            }
            is_done = true;
            filled.push_str(line);
        } else if begins.is_none() {
            filled.push_str(line);
        }
    }
    match (begins, is_done) {
        (Some(line), _) => Err((line, format!("has no end: add a line `# {END}{name}`"))),
        (None, true) => Ok(filled),
        (None, false) => Err((1, format!("is missing: add the lines `# {BEGIN}{name}` and `# {END}{name}`"))),
    }
}

/// The name in a mark: a comment line that holds nothing else.
fn marked<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    let comment = line.trim().strip_prefix('#').or_else(|| line.trim().strip_prefix("//"))?;
    comment.trim_start().strip_prefix(word).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::{fill, has};

    #[test]
    fn region_is_replaced_and_the_rest_kept() {
        let text = "a\n  # confpath generate: begin x\n  old\n  # confpath generate: end x\nb";
        let filled = fill(text, "x", "one\n\ntwo\n").unwrap();
        assert_eq!(
            filled,
            "a\n  # confpath generate: begin x\n  one\n\n  two\n  # confpath generate: end x\nb"
        );
        assert_eq!(fill(&filled, "x", "one\n\ntwo\n").unwrap(), filled);
        assert!(has(text, "x") && !has(text, "y"));
    }

    #[test]
    fn broken_region_is_refused_with_its_line() {
        let (begin, end) = ("# confpath generate: begin x\n", "# confpath generate: end x\n");
        for (text, line, reason) in [
            (format!("\n{begin}"), 2, "no end"),
            (format!("\n\n{end}"), 3, "has not begun"),
            (format!("{begin}{begin}{end}"), 2, "second time"),
            (format!("{begin}{end}{begin}{end}"), 3, "second time"),
            (String::new(), 1, "is missing"),
        ] {
            let (number, message) = fill(&text, "x", "").unwrap_err();
            assert_eq!(number, line, "{text}");
            assert!(message.contains(reason), "{message}");
        }
    }
}
