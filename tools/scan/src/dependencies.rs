//! Third-party code: crates, Go modules, Python packages.
//!
//! Advisories are published all the time, so they are fetched at every run and never kept in the tree. Where they cannot be
//! fetched that is told: nothing looks like an answer that is none.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context as _, Result, bail};
use kit::process::{Captured, Cmd};
use kit::tools;
use serde_json::{Deserializer, Value};

use super::finding::{Finding, items, number, text};
use super::subject::{ScanResult, Scanned, Subject};
use super::tree::Stage;

/// Holds the rules for crates and, by the tool's own means, the explanations.
const DENY_FILE: &str = "deny.toml";
/// Names another database of advisories for Go modules, as a mirror.
const GO_DATABASE: &str = "GOVULNDB";
/// Kinds of cargo-deny's messages about exceptions of [`DENY_FILE`] that apply.
const EXCEPTED: [&str; 3] = ["skipped", "advisory-ignored", "yanked-ignored"];
/// Codes of cargo-deny for a registry that it could not query about yanked releases.
const UNASKED: [&str; 2] = ["index-failure", "index-cache-load-failure"];

/// Licences, sources, and crates that are there twice; needs no network but for crates that were never downloaded.
pub(super) fn crates(subject: &Subject) -> Result<ScanResult> {
    deny(subject, &["bans", "licenses", "sources"])
}

/// Holes that became known, releases taken back, crates that nobody maintains.
pub(super) fn advisories(subject: &Subject) -> Result<ScanResult> {
    deny(subject, &["advisories"])
}

/// Each workspace is judged by the rules that lie beside its manifest.
fn deny(subject: &Subject, checks: &[&str]) -> Result<ScanResult> {
    let rules = subject.tree.files(|file| file.rsplit('/').next() == Some(DENY_FILE));
    let (mut seen, mut n_crates) = (Scanned::default(), 0);
    for folder in rules.iter().map(|file| file.trim_end_matches(DENY_FILE)) {
        match deny_in(subject, folder, checks)? {
            ScanResult::Scanned(of_one) => {
                seen.findings.extend(of_one.findings);
                seen.explained += of_one.explained;
                n_crates += n_packages(subject, folder);
            }
            unseen => return Ok(unseen),
        }
    }
    seen.what = format!("{} of {n_crates} crates, by {}", checks.join(", "), rules.join(" and "));
    Ok(ScanResult::Scanned(seen))
}

fn deny_in(subject: &Subject, folder: &str, checks: &[&str]) -> Result<ScanResult> {
    let captured = Cmd::new(tools::built("cargo-deny"))
        .args([
            "--locked",
            "--format=json",
            "--color=never",
            "--log-level=info",
            "check",
            "--hide-inclusion-graph",
        ])
        .args(checks)
        .directory(subject.tree.root.join(folder))
        .capture()?;
    let messages: Vec<Value> =
        captured.lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let of_kind = |kind: &'static str| messages.iter().filter(move |message| message["type"] == kind);
    if of_kind("summary").next().is_none() {
        let errors = of_kind("log").filter(|message| message["fields"]["level"] == "ERROR");
        let reason = errors.map(|message| text(message, "/fields/message")).collect::<Vec<_>>().join("; ");
        return if reason.contains("failed to fetch advisory database") {
            Ok(ScanResult::Skipped(
                "RustSec's database cannot be fetched; a mirror is named as deny.toml says".to_owned(),
            ))
        } else {
            bail!("cargo-deny did not finish ({reason}{})", words(&captured))
        };
    }
    let diagnostics: Vec<_> = of_kind("diagnostic").map(|message| &message["fields"]).collect();
    let has_code = |codes: &[&str], fields: &Value| codes.contains(&text(fields, "/code").as_str());
    if diagnostics.iter().any(|fields| has_code(&UNASKED, fields)) {
        return Ok(ScanResult::Skipped(
            "the registry's index, which lists yanked releases, cannot be fetched".to_owned(),
        ));
    }
    let is_open = |fields: &&&Value| matches!(fields["severity"].as_str(), Some("error" | "warning" | "bug"));
    let findings = diagnostics.iter().filter(is_open).map(|fields| denied(folder, fields)).collect();
    let explained = diagnostics.iter().filter(|fields| has_code(&EXCEPTED, fields)).count();
    Ok(ScanResult::Scanned(Scanned { findings, explained, ..Scanned::default() }))
}

fn denied(folder: &str, fields: &Value) -> Finding {
    let notes: Vec<_> = items(fields, "/notes").filter_map(Value::as_str).collect();
    let on = items(fields, "/labels").next().map(|label| text(label, "/span")).unwrap_or_default();
    Finding {
        path: format!("{folder}Cargo.lock"),
        line: items(fields, "/labels").next().map(|label| number(label, "/line")).unwrap_or_default(),
        rule: match text(fields, "/advisory/id") {
            id if id.is_empty() => text(fields, "/code"),
            id => id,
        },
        on: on.replace('\n', ", "),
        message: [&[text(fields, "/message").as_str()], notes.as_slice()].concat().join("\n    "),
    }
}

fn n_packages(subject: &Subject, folder: &str) -> usize {
    let lock = subject.tree.read(&format!("{folder}Cargo.lock")).unwrap_or_default();
    lock.lines().filter(|line| *line == "[[package]]").count()
}

/// Those that our code takes packages from; which functions it calls is not asked, as that needs all of Kubernetes in memory.
pub(super) fn go_modules(subject: &Subject) -> Result<ScanResult> {
    let modules = subject.tree.files(|file| file.rsplit('/').next() == Some("go.mod"));
    let mut seen = Scanned { what: format!("Go modules: {}", modules.len()), ..Scanned::default() };
    for file in modules {
        let folder = subject.tree.root.join(file).with_file_name("");
        let mut command = Cmd::new(tools::built("govulncheck")).args(["-format=json", "-scan=package"]);
        if let Some(database) = std::env::var_os(GO_DATABASE) {
            command = command.arg("-db").arg(database);
        }
        // As the tools are built from these modules.
        let captured = command.args(["-tags=providerless", "./..."]).directory(folder).capture()?;
        if captured.code != Some(0) {
            let reason = words(&captured);
            return if reason.contains("fetching vulnerabilities") || reason.contains("creating client") {
                Ok(ScanResult::Skipped(format!(
                    "Go's database cannot be fetched; {GO_DATABASE} names a mirror"
                )))
            } else {
                bail!("govulncheck failed in {file}: {reason}")
            };
        }
        seen.findings.extend(vulnerable_packages(file, &captured.stdout)?);
    }
    Ok(ScanResult::Scanned(seen))
}

fn vulnerable_packages(file: &str, json: &str) -> Result<BTreeSet<Finding>> {
    let values: Vec<Value> = Deserializer::from_str(json)
        .into_iter()
        .collect::<Result<_, _>>()
        .context("govulncheck's answer is not JSON")?;
    // A module that is required and no package of which is used is told as well, without one.
    let used =
        values.iter().map(|value| &value["finding"]).filter(|found| found["trace"][0]["package"].is_string());
    let finding = |found: &Value| Finding {
        path: file.to_owned(),
        line: 0,
        rule: text(found, "/osv"),
        on: format!("{} {}", text(found, "/trace/0/package"), text(found, "/trace/0/version")),
        message: match text(found, "/fixed_version") {
            version if version.is_empty() => "has no fixed version".to_owned(),
            version => format!("fixed in {} {version}", text(found, "/trace/0/module")),
        },
    };
    Ok(used.map(finding).collect())
}

/// Those of the pinned tools: the project ships no Python.
pub(super) fn python_packages(_: &Subject) -> Result<ScanResult> {
    let stage = Stage::new("python")?;
    let tools = tools::python_packages();
    let (mut n_packages, mut findings) = (0, Vec::new());
    // One after the other, since two may need the same package in different versions.
    for (tool, packages) in &tools {
        let Some(answer) = audit(&stage, tool, packages)? else {
            let reason = "OSV's service cannot be reached; PIP_AUDIT_OSV_URL names another";
            return Ok(ScanResult::Skipped(reason.to_owned()));
        };
        let dependencies = || items(&answer, "/dependencies");
        n_packages += dependencies().count();
        findings.extend(dependencies().flat_map(vulnerable_versions));
    }
    let what = format!("packages: {n_packages}, of pinned tools: {}", tools.len());
    Ok(ScanResult::Scanned(Scanned { what, findings, explained: 0 }))
}

/// Returns the advisories for the packages of a tool; nothing if the service cannot be reached.
fn audit(stage: &Stage, tool: &str, packages: &[String]) -> Result<Option<Value>> {
    let file = stage.folder.join(format!("{tool}.txt"));
    fs::write(&file, packages.join("\n") + "\n")?;
    let captured = Cmd::new(tools::built("pip-audit"))
        .args(["--disable-pip", "--no-deps", "--progress-spinner=off", "--vulnerability-service=osv"])
        .args(["--format=json", "--cache-dir"])
        .arg(stage.folder.join("cache"))
        .arg("--requirement")
        .arg(file)
        .env("PYTHONPATH", tools::python_path("pip-audit"))
        .capture()?;
    if let Ok(answer) = serde_json::from_str(&captured.stdout) {
        return Ok(Some(answer));
    }
    let last = captured.lines.last().map(String::as_str).unwrap_or_default();
    if last.contains("ConnectionError") || last.contains("ServiceError") {
        return Ok(None);
    }
    bail!("pip-audit failed for {tool}: {}", words(&captured))
}

fn vulnerable_versions(dependency: &Value) -> Vec<Finding> {
    let on = format!("{} {}", text(dependency, "/name"), text(dependency, "/version"));
    let finding = |hole: &Value| Finding {
        path: "xtask/src/tools/table.rs".to_owned(),
        line: 0,
        rule: text(hole, "/id"),
        on: on.clone(),
        message: text(hole, "/description").lines().next().unwrap_or_default().to_owned(),
    };
    items(dependency, "/vulns").map(finding).collect()
}

/// The output on both streams, without answers in JSON, in one line.
fn words(captured: &Captured) -> String {
    let is_words = |line: &&String| !line.trim_start().starts_with(['{', '}', '"', '[', ']']);
    captured.lines.iter().filter(is_words).map(String::as_str).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_modules_with_a_used_package_count() {
        let json = r#"{ "finding": { "osv": "GO-1", "trace": [{ "module": "m", "version": "v1" }] } }
            { "finding": { "osv": "GO-2", "fixed_version": "v2", "trace": [{ "module": "m", "version": "v1", "package": "m/p" }] } }"#;
        let found: Vec<_> = vulnerable_packages("go.mod", json).unwrap().into_iter().collect();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].rule.as_str(), found[0].on.as_str()), ("GO-2", "m/p v1"));
        assert_eq!(found[0].message, "fixed in m v2");
    }
}
