//! Our own code.

use anyhow::{Context as _, Result};
use kit::process::Cmd;
use kit::tools;
use serde_json::Value;

use super::finding::{Finding, items, number, text};
use super::subject::{ScanResult, Scanned, Subject};
use super::tree::Tree;

/// Our own rules, a folder of the tree.
const RULES: &str = ".scan/rules";
/// The languages that the rules are written for.
const LANGUAGES: [&str; 4] = ["rs", "go", "py", "sh"];

/// By our own rules: those of its registry cannot be pinned, and know nothing of what a secret is here.
pub(super) fn semgrep(subject: &Subject) -> Result<ScanResult> {
    let is_code = |file: &str| extension(file).is_some_and(|end| LANGUAGES.contains(&end));
    let stage = subject.tree.stage("code", is_code)?;
    // Its front end is a script that looks for this one on the search path.
    let program = tools::built("semgrep").with_file_name("pysemgrep");
    let json = Cmd::new(program)
        .args(["scan", "--json", "--quiet", "--metrics=off", "--disable-version-check", "--disable-nosem"])
        .args(["--no-git-ignore", "--x-ignore-semgrepignore-files", "--no-rewrite-rule-ids", "--config"])
        .arg(subject.tree.root.join(RULES))
        .arg(".")
        .env("PYTHONPATH", tools::python_path("semgrep"))
        // Nothing of a scan is kept in the caller's home.
        .env("SEMGREP_SETTINGS_FILE", stage.folder.join(".semgrep-settings"))
        .env("SEMGREP_LOG_FILE", stage.folder.join(".semgrep-log"))
        .directory(&stage.folder)
        .run()?;
    let answer: Value = serde_json::from_str(&json).context("semgrep's answer is not JSON")?;
    let found = items(&answer, "/results").map(|result| {
        let (path, line) = (stage.below(&text(result, "/path")).to_owned(), number(result, "/start/line"));
        Finding {
            on: subject.tree.line(&path, line),
            rule: text(result, "/check_id"),
            message: text(result, "/extra/message").trim().to_owned(),
            path,
            line,
        }
    });
    let unread = items(&answer, "/errors").map(|error| Finding {
        path: stage.below(&text(error, "/path")).to_owned(),
        line: number(error, "/spans/0/start/line"),
        rule: "not-read".to_owned(),
        on: String::new(),
        message: text(error, "/message").lines().next().unwrap_or_default().to_owned(),
    });
    let findings = found.chain(unread).collect();
    let n_read = items(&answer, "/paths/scanned").count();
    Ok(ScanResult::Scanned(Scanned {
        what: format!("files: {n_read}, by the rules in {RULES}"),
        findings,
        explained: 0,
    }))
}

/// Python: the rules of bandit, as ruff has them, and below a `ruff.toml` those that it selects.
pub(super) fn ruff(subject: &Subject) -> Result<ScanResult> {
    let tree = &subject.tree;
    let files = tree.files(|file| extension(file) == Some("py"));
    let what = format!("Python files: {}", files.len());
    if files.is_empty() {
        return Ok(ScanResult::Scanned(Scanned { what, ..Scanned::default() }));
    }
    let bandit = ["--isolated", "--select=S", "--ignore-noqa", "--"];
    let mut findings = ruff_check(tree, "", &[&bandit[..], &files].concat())?;
    for config in tree.files(|file| file.ends_with("/ruff.toml")) {
        findings.extend(ruff_check(tree, config.trim_end_matches("ruff.toml"), &["."])?);
    }
    Ok(ScanResult::Scanned(Scanned { what, findings, explained: 0 }))
}

fn ruff_check(tree: &Tree, folder: &str, arguments: &[&str]) -> Result<Vec<Finding>> {
    let json = Cmd::new(tools::built("ruff"))
        .args(["check", "--no-cache", "--exit-zero", "--output-format=json"])
        .args(arguments)
        .directory(tree.root.join(folder))
        .run()?;
    let answer: Value = serde_json::from_str(&json).context("ruff's answer is not JSON")?;
    let finding = |found: &Value| {
        let path = below(tree, &text(found, "/filename"));
        located(tree, path, number(found, "/location/row"), text(found, "/code"), text(found, "/message"))
    };
    Ok(items(&answer, "").map(finding).collect())
}

pub(super) fn shellcheck(subject: &Subject) -> Result<ScanResult> {
    let files = subject.tree.files(|file| is_shell(&subject.tree, file));
    let what = format!("shell scripts: {}", files.len());
    if files.is_empty() {
        return Ok(ScanResult::Scanned(Scanned { what, ..Scanned::default() }));
    }
    let json = Cmd::new(tools::built("shellcheck"))
        .args(["--norc", "--format=json1", "--"])
        .args(&files)
        .directory(&subject.tree.root)
        .run_tolerating(&[1])?;
    let answer: Value = serde_json::from_str(&json).context("shellcheck's answer is not JSON")?;
    let finding = |found: &Value| {
        let rule = format!("SC{}", number(found, "/code"));
        located(&subject.tree, text(found, "/file"), number(found, "/line"), rule, text(found, "/message"))
    };
    let silenced = files.iter().flat_map(|file| silenced_lines(&subject.tree, file));
    let findings = items(&answer, "/comments").map(finding).chain(silenced).collect();
    Ok(ScanResult::Scanned(Scanned { what, findings, explained: 0 }))
}

/// A finding on a line of the tree.
pub(super) fn located(tree: &Tree, path: String, line: u64, rule: String, message: String) -> Finding {
    Finding { on: tree.line(&path, line), path, line, rule, message }
}

/// Comments that shellcheck obeys, and has no switch to disobey.
fn silenced_lines(tree: &Tree, file: &str) -> Vec<Finding> {
    let text = tree.read(file).unwrap_or_default();
    let silences = |line: &str| line.trim_start().starts_with('#') && line.contains("shellcheck disable");
    let numbered = (1..).zip(text.lines()).filter(|(_, line)| silences(line));
    let message = "silences shellcheck here; explain the finding in .scan/shellcheck.json instead";
    let finding =
        |(number, _)| located(tree, file.to_owned(), number, "silenced".to_owned(), message.to_owned());
    numbered.map(finding).collect()
}

fn is_shell(tree: &Tree, file: &str) -> bool {
    match extension(file) {
        Some(end) => matches!(end, "sh" | "bash"),
        None => tree.read(file).is_some_and(|text| {
            let first = text.lines().next().unwrap_or_default();
            first.starts_with("#!") && first.ends_with("sh")
        }),
    }
}

fn extension(file: &str) -> Option<&str> {
    std::path::Path::new(file).extension().and_then(|extension| extension.to_str())
}

fn below(tree: &Tree, path: &str) -> String {
    let below = std::path::Path::new(path).strip_prefix(&tree.root);
    below.ok().and_then(|below| below.to_str()).unwrap_or(path).to_owned()
}
