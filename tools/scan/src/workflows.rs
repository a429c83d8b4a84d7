//! Workflows of GitHub Actions: whether they are valid, and whether they can be turned against us.

use anyhow::{Context as _, Result, bail};
use kit::process::Cmd;
use kit::tools;
use serde_json::Value;

use super::code::located;
use super::finding::{items, number, text};
use super::subject::{ScanResult, Scanned, Subject};
use super::tree::Tree;

const FOLDER: &str = ".github/workflows";

pub(super) fn actionlint(subject: &Subject) -> Result<ScanResult> {
    let files = workflows(&subject.tree)?;
    let json = Cmd::new(tools::built("actionlint"))
        .args(["-no-color", "-format", "{{json .}}", "-pyflakes=", "-shellcheck"])
        .arg(tools::built("shellcheck"))
        .args(&files)
        .directory(&subject.tree.root)
        .run_tolerating(&[1])?;
    let answer: Value = serde_json::from_str(&json).context("actionlint's answer is not JSON")?;
    let findings = items(&answer, "").map(|found| {
        let [path, rule, message] = ["/filepath", "/kind", "/message"].map(|pointer| text(found, pointer));
        located(&subject.tree, path, number(found, "/line"), rule, message)
    });
    Ok(seen(&files, findings.collect()))
}

/// Without a network, so that the same workflows have the same findings tomorrow.
pub(super) fn zizmor(subject: &Subject) -> Result<ScanResult> {
    let files = workflows(&subject.tree)?;
    let json = Cmd::new(tools::built("zizmor"))
        .args(["--offline", "--quiet", "--no-progress", "--color=never", "--no-exit-codes"])
        .args(["--no-config", "--no-ignores", "--strict-collection", "--format=json-v1", "--"])
        .args(&files)
        .directory(&subject.tree.root)
        .run()?;
    let answer: Value = serde_json::from_str(&json).context("zizmor's answer is not JSON")?;
    let findings = items(&answer, "").map(|found| {
        let is_primary = |place: &&Value| place["symbolic"]["kind"] == "Primary";
        let nowhere = Value::Null;
        let place = items(found, "/locations").find(is_primary).unwrap_or(&nowhere);
        let path = text(place, "/symbolic/key/Local/verbatim_path");
        // It counts rows from 0.
        let line = number(place, "/concrete/location/start_point/row") + 1;
        let message = format!("{}: {}", text(found, "/desc"), text(place, "/symbolic/annotation"));
        located(&subject.tree, path, line, text(found, "/ident"), message)
    });
    Ok(seen(&files, findings.collect()))
}

fn seen(files: &[&str], findings: Vec<super::finding::Finding>) -> ScanResult {
    ScanResult::Scanned(Scanned { what: format!("workflows: {}", files.len()), findings, explained: 0 })
}

fn workflows(tree: &Tree) -> Result<Vec<&str>> {
    let is_workflow =
        |file: &str| file.starts_with(FOLDER) && (file.ends_with(".yml") || file.ends_with(".yaml"));
    let files = tree.files(is_workflow);
    if files.is_empty() {
        bail!("there is no workflow in {FOLDER}");
    }
    Ok(files)
}
