//! The fixed part of a reader, with places for what follows from a contract.

/// Fills a template. A line `@NAME` is replaced by the part of that name; the lines from `@if WORD WORD` to `@end` stay if
/// `features` has one of the words. The mark may stand behind the sign of a comment, so that a template is a file of its language.
pub(super) fn fill(template: &str, features: &[&str], parts: &[(&str, String)]) -> String {
    let mut text = String::new();
    let mut is_left_out = false;
    for line in template.lines() {
        let mark = line.trim_start().trim_start_matches(['#', '/']).trim_start();
        match mark.strip_prefix('@').filter(|mark| mark.starts_with(|c: char| c.is_ascii_lowercase())) {
            Some("end") => is_left_out = false,
            Some(mark) if mark.starts_with("if ") => {
                is_left_out = !mark.split(' ').skip(1).any(|word| features.contains(&word));
            }
            Some(name) if parts.iter().any(|part| part.0 == name) => {
                let part = parts.iter().find(|part| part.0 == name);
                text.push_str(part.map_or("", |part| &part.1));
            }
            _ if is_left_out => {}
            _ => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::fill;

    #[test]
    fn places_are_filled_and_needless_parts_left_out() {
        let template = "a\n  # @part\n# @if x y\nb\n# @end\n// @if z\nc\n// @end\n@Override\nd\n";
        assert_eq!(fill(template, &["y"], &[("part", "1\n2\n".into())]), "a\n1\n2\nb\n@Override\nd\n");
    }
}
