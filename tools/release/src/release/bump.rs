//! A new version: checked whole, then written to `Cargo.toml`, whence everything else has it, and to the changelog.

use std::fs;

use anyhow::{Context as _, Result, bail};
use kit::process::Cmd;
use kit::{ui, workspace};
use semver::Version;

use super::changelog;

const MANIFEST: &str = "Cargo.toml";
const PRESENT: &str = workspace::VERSION;

/// # Errors
/// Everything that speaks against this version, before anything is written.
pub(super) fn run(version: &str, commit: bool) -> Result<()> {
    let root = workspace::root();
    let changelog = changelog::read()?;
    let changed = git(&["status", "--porcelain"])?;
    let tags = git(&["tag", "--list"])?;
    let problems = problems(version, PRESENT, &changelog, &changed, &tags);
    if !problems.is_empty() {
        bail!("{version} cannot be the next version:\n  {}", problems.join("\n  "));
    }
    let manifest =
        fs::read_to_string(root.join(MANIFEST)).with_context(|| format!("cannot read {MANIFEST}"))?;
    let manifest = with_version(&manifest, version).context("Cargo.toml has no version of the workspace")?;
    fs::write(root.join(MANIFEST), manifest).with_context(|| format!("cannot write {MANIFEST}"))?;
    Cmd::new("cargo").args(["update", "--workspace", "--offline", "--quiet"]).directory(root).run()?;
    kit::version::write(version)?;
    let today = Cmd::new("date").args(["-u", "+%F"]).ask()?;
    changelog::write(&changelog::released(&changelog, version, today.trim()))?;
    if commit {
        git(&["commit", "--quiet", "--all", "--message", &format!("release: {version}")])?;
        git(&["tag", "--annotate", &tag(version), "--message", &format!("myapp {version}")])?;
        ui::say(format!("committed and tagged as {}", tag(version)));
    } else {
        ui::say(format!(
            "{PRESENT} is now {version}; look at it, then commit it and tag it {}",
            tag(version)
        ));
    }
    Ok(())
}

fn git(words: &[&str]) -> Result<String> {
    Cmd::new("git").args(words).directory(workspace::root()).ask()
}

fn tag(version: &str) -> String {
    format!("v{version}")
}

/// Everything that speaks against `wanted`. `changed` and `tags` are as Git prints them.
fn problems(wanted: &str, present: &str, changelog: &str, changed: &str, tags: &str) -> Vec<String> {
    let mut problems = Vec::new();
    match (Version::parse(wanted), Version::parse(present)) {
        (Ok(wanted), _) if !wanted.build.is_empty() => {
            problems.push(format!("{wanted}: what follows the + cannot be in the name of an image"));
        }
        (Ok(wanted), Ok(present)) if wanted.cmp_precedence(&present).is_le() => {
            problems.push(format!("{wanted} is not higher than {present}, the present version"));
        }
        (Err(error), _) => {
            problems.push(format!("{wanted:?} is no version such as 1.2.3 or 1.2.3-rc.1: {error}"));
        }
        (Ok(_), _) => {}
    }
    problems.extend(changelog::problems(changelog, wanted));
    let n_changed = changed.lines().count();
    if n_changed > 0 {
        problems.push(format!(
            "the checkout holds {n_changed} changes that are not committed; commit or stash them"
        ));
    }
    if tags.lines().any(|line| line == tag(wanted)) {
        problems.push(format!("there is a tag {} already", tag(wanted)));
    }
    problems
}

/// The manifest with another version of the workspace; the versions of dependencies are in tables of their own.
fn with_version(manifest: &str, version: &str) -> Option<String> {
    let (before, table) = manifest.split_once("[workspace.package]\n")?;
    let line = table
        .lines()
        .take_while(|line| !line.starts_with('['))
        .find(|line| line.starts_with("version = "))?;
    Some(format!(
        "{before}[workspace.package]\n{}",
        table.replacen(line, &format!("version = \"{version}\""), 1)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANGELOG: &str = "# Changelog\n\n## Unreleased\n\n- New.\n";

    fn refused(wanted: &str) -> String {
        problems(wanted, "0.9.0", CHANGELOG, "", "v0.8.0\n").join("\n")
    }

    #[test]
    fn higher_version_of_a_clean_checkout_is_accepted() {
        for wanted in ["0.9.1", "0.10.0", "1.0.0-rc.1"] {
            assert_eq!(refused(wanted), "", "{wanted}");
        }
    }

    #[test]
    fn invalid_or_lower_version_is_refused() {
        for wanted in ["", "v1.0.0", "1", "1.0", "1.0.0.0", "01.0.0", "1.0.0 ", "next", "1.0.0-", "١.0.0"] {
            assert!(
                refused(wanted).contains("is no version such as 1.2.3"),
                "{wanted:?}: {}",
                refused(wanted)
            );
        }
        for wanted in ["0.9.0", "0.8.9", "0.9.0-rc.1"] {
            assert!(refused(wanted).contains("is not higher than 0.9.0"), "{wanted}: {}", refused(wanted));
        }
        assert!(refused("1.0.0+build.5").contains("cannot be in the name of an image"));
    }

    #[test]
    fn all_problems_of_a_version_come_at_once() {
        let changelog = "# Changelog\n\n## Unreleased\n\n## 0.8.0\n\n- Old.\n";
        let problems = problems("0.8.0", "0.9.0", changelog, " M a\n?? b\n", "v0.7.0\nv0.8.0\n");
        assert_eq!(
            problems,
            [
                "0.8.0 is not higher than 0.9.0, the present version",
                "CHANGELOG.md: nothing is listed under Unreleased; say what changed",
                "CHANGELOG.md: there is a section 0.8.0 already",
                "the checkout holds 2 changes that are not committed; commit or stash them",
                "there is a tag v0.8.0 already",
            ]
        );
    }

    #[test]
    fn only_the_workspaces_own_version_changes() {
        let manifest = "[workspace.package]\nedition = \"2024\"\nversion = \"0.1.0\"\n\n[workspace.dependencies]\nx = \"0.1.0\"\n";
        let expected = manifest.replacen("0.1.0", "0.2.0", 1);
        assert_eq!(with_version(manifest, "0.2.0").unwrap(), expected);
        assert_eq!(with_version("[workspace.package]\n\n[x]\nversion = \"0.1.0\"\n", "0.2.0"), None);
    }

    #[test]
    fn the_manifest_of_this_checkout_has_the_form() {
        let manifest = fs::read_to_string(workspace::root().join(MANIFEST)).unwrap();
        assert!(with_version(&manifest, "77.0.0").unwrap().contains("\nversion = \"77.0.0\"\n"));
    }
}
