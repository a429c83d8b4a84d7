//! Keys and passwords, in the files and in the history.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use kit::process::Cmd;
use kit::tools;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::finding::{Finding, items, number, text};
use super::subject::{ScanResult, Scanned, Subject};

/// Enough to tell one value from another, and nothing to find out a good one by.
const DIGEST_LENGTH: usize = 12;

/// A secret that was once committed is known to everyone with a clone, so every commit is scanned even if a later one removes the
/// secret.
pub(super) fn gitleaks(subject: &Subject) -> Result<ScanResult> {
    let root = &subject.tree.root;
    let git = |words: &[&str]| Cmd::new("git").args(words).directory(root).ask();
    if git(&["rev-parse", "--is-shallow-repository"])?.trim() == "true" {
        let reason = "this clone has a part of the history only; `git fetch --unshallow` gets the rest";
        return Ok(ScanResult::Skipped(reason.to_owned()));
    }
    let n_commits = git(&["rev-list", "--count", "HEAD"])?;
    let stage = subject.tree.stage("secrets", |_| true)?;
    let in_history = look(&["git", "--log-opts=HEAD"], root)?;
    let in_files = look(&["dir"], &stage.folder)?;
    let mut findings: Vec<_> =
        in_files.iter().chain(&in_history).map(|found| finding(found, |path| stage.below(path))).collect();
    // A value that is still there is found in the commits that brought and moved it as well; the first one is told.
    findings.sort_by(|one, other| identity(one).cmp(&identity(other)));
    findings.dedup_by(|one, other| identity(one) == identity(other));
    let n_files = subject.tree.files(|_| true).len();
    let what = format!("files: {n_files}, commits: {}", n_commits.trim());
    Ok(ScanResult::Scanned(Scanned { what, findings, explained: 0 }))
}

fn identity(finding: &Finding) -> (&str, &str, &str) {
    (&finding.path, &finding.rule, &finding.on)
}

/// Its answer holds the values themselves: it is neither shown nor written anywhere.
fn look(how: &[&str], target: &std::path::Path) -> Result<Vec<Value>> {
    let json = Cmd::new(tools::built("gitleaks"))
        .args(how)
        .args(["--no-banner", "--no-color", "--log-level=error", "--exit-code=0", "--ignore-gitleaks-allow"])
        .args(["--report-format=json", "--report-path=-"])
        .arg(target)
        // Neither a file of its own nor one of fingerprints silences it.
        .args(["--gitleaks-ignore-path", "/dev/null"])
        .env("GITLEAKS_CONFIG_TOML", "[extend]\nuseDefault = true\n")
        .ask()?;
    let answer: Value = serde_json::from_str(&json).context("gitleaks' answer is not JSON")?;
    Ok(items(&answer, "").cloned().collect())
}

fn finding<'a>(found: &'a Value, below: impl Fn(&'a str) -> &'a str) -> Finding {
    let path = found["File"].as_str().unwrap_or_default();
    let commit = text(found, "/Commit");
    let place = if commit.is_empty() {
        "in the file".to_owned()
    } else {
        format!("in commit {}", commit.get(..12).unwrap_or(&commit))
    };
    Finding {
        path: below(path).to_owned(),
        line: number(found, "/StartLine"),
        rule: text(found, "/RuleID"),
        on: format!("sha256:{}", digest(&text(found, "/Secret"))),
        message: format!("{} ({place})", text(found, "/Description")),
    }
}

fn digest(secret: &str) -> String {
    let bytes = Sha256::digest(secret);
    let mut digest = bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    });
    digest.truncate(DIGEST_LENGTH);
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finding_distinguishes_values_without_holding_them() {
        let found = |secret: &str| {
            let json =
                serde_json::json!({ "File": "a.env", "StartLine": 3, "RuleID": "key", "Secret": secret });
            finding(&json, |path| path)
        };
        assert_ne!(found("one-secret-value").on, found("another-secret-value").on);
        assert!(!found("one-secret-value").to_string().contains("one-secret"));
    }
}
