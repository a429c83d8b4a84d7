//! `CHANGELOG.md`: a heading a version, the newest first, and above all what no release has yet.

use std::fs;

use anyhow::{Context as _, Result, bail};
use kit::workspace;

const FILE: &str = "CHANGELOG.md";
const UNRELEASED: &str = "Unreleased";

pub(super) fn read() -> Result<String> {
    fs::read_to_string(workspace::root().join(FILE)).with_context(|| format!("cannot read {FILE}"))
}

pub(super) fn write(text: &str) -> Result<()> {
    fs::write(workspace::root().join(FILE), text).with_context(|| format!("cannot write {FILE}"))
}

/// Returns the changes of a version, without its heading.
///
/// # Errors
/// There is no such section; tells those that are there.
pub(super) fn notes<'a>(text: &'a str, version: &str) -> Result<&'a str> {
    // Tags are called v1.2.3.
    let wanted = version.strip_prefix('v').unwrap_or(version);
    let found = sections(text).find(|section| section.title == wanted);
    match found {
        Some(section) if !section.body.is_empty() => Ok(section.body),
        Some(_) => bail!("{FILE}: the section {wanted} is empty"),
        None => {
            let titles: Vec<_> = sections(text).map(|section| section.title).collect();
            bail!("{FILE} has no section {wanted}, only: {}", titles.join(", "))
        }
    }
}

/// Returns the reasons for which the unreleased changes cannot become the section `version`.
pub(super) fn problems(text: &str, version: &str) -> Vec<String> {
    let mut problems = Vec::new();
    match sections(text).find(|section| section.title == UNRELEASED) {
        Some(section) if section.body.is_empty() => {
            problems.push(format!("{FILE}: nothing is listed under {UNRELEASED}; say what changed"));
        }
        Some(_) => {}
        None => problems.push(format!("{FILE}: there is no section {UNRELEASED}")),
    }
    if sections(text).any(|section| section.title == version) {
        problems.push(format!("{FILE}: there is a section {version} already"));
    }
    problems
}

/// The text with what was unreleased under a heading of its own.
pub(super) fn released(text: &str, version: &str, date: &str) -> String {
    let heading = format!("## {UNRELEASED}\n");
    text.replacen(&heading, &format!("{heading}\n## {version} - {date}\n"), 1)
}

struct Section<'a> {
    /// The first word of the heading.
    title: &'a str,
    body: &'a str,
}

fn sections(text: &str) -> impl Iterator<Item = Section<'_>> {
    text.split("\n## ").skip(1).map(|section| {
        let (heading, body) = section.split_once('\n').unwrap_or((section, ""));
        Section { title: heading.split_whitespace().next().unwrap_or_default(), body: body.trim() }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "# Changelog\n\n## Unreleased\n\n- New.\n  More.\n\n## 0.2.0 - 2026-01-31\n\n- Old.\n\n## 0.1.0\n";

    #[test]
    fn notes_are_the_section_of_the_version() {
        assert_eq!(notes(TEXT, "0.2.0").unwrap(), "- Old.");
        assert_eq!(notes(TEXT, "v0.2.0").unwrap(), "- Old.");
        assert_eq!(notes(TEXT, "Unreleased").unwrap(), "- New.\n  More.");
    }

    #[test]
    fn unknown_version_lists_the_known_ones() {
        let error = notes(TEXT, "0.2").unwrap_err().to_string();
        assert_eq!(error, "CHANGELOG.md has no section 0.2, only: Unreleased, 0.2.0, 0.1.0");
        assert!(notes(TEXT, "0.1.0").unwrap_err().to_string().contains("is empty"));
    }

    #[test]
    fn only_the_unreleased_section_changes() {
        let text = released(TEXT, "0.3.0", "2026-02-28");
        assert_eq!(notes(&text, "0.3.0").unwrap(), "- New.\n  More.");
        assert!(
            text.starts_with("# Changelog\n\n## Unreleased\n\n## 0.3.0 - 2026-02-28\n\n- New.\n"),
            "{text}"
        );
        assert!(text.ends_with("\n\n## 0.2.0 - 2026-01-31\n\n- Old.\n\n## 0.1.0\n"), "{text}");
        assert_eq!(problems(&text, "0.4.0").len(), 1, "nothing is unreleased any more");
    }

    #[test]
    fn version_is_released_once_and_with_changes() {
        assert!(problems(TEXT, "0.3.0").is_empty());
        assert_eq!(problems(TEXT, "0.2.0"), ["CHANGELOG.md: there is a section 0.2.0 already"]);
        assert_eq!(problems("# Changelog\n", "0.3.0"), ["CHANGELOG.md: there is no section Unreleased"]);
        assert!(problems("# Changelog\n\n## Unreleased\n", "0.3.0")[0].contains("nothing is listed"));
    }

    #[test]
    fn the_changelog_of_this_checkout_has_the_form() {
        assert!(sections(&read().unwrap()).next().is_some_and(|section| section.title == UNRELEASED));
    }
}
