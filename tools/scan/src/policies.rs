//! The chart as it is rendered, Terraform and Dockerfiles against the policies that checkov brings.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use kit::process::Cmd;
use kit::tools;
use serde_json::Value;

use super::finding::{Finding, items, number, text};
use super::subject::{ScanResult, Scanned, Subject};
use super::tree::{Stage, Tree};

/// Below it in the stage: each render, under the path of the values it was made with.
const RENDERED: &str = "rendered";
const FRAMEWORKS: &str = "terraform,kubernetes,dockerfile";

pub(super) fn checkov(subject: &Subject) -> Result<ScanResult> {
    let tree = &subject.tree;
    let stage = tree.stage("policies", |file| is_terraform(file) || is_dockerfile(file))?;
    let n_renders = render_all(tree, &stage)?;
    let json = Cmd::new(tools::built("checkov"))
        .args(["--directory", ".", "--framework", FRAMEWORKS, "--skip-download", "--compact"])
        // Not quiet: that would hide what comments have silenced.
        .args(["--soft-fail", "--output=json"])
        .env("PYTHONPATH", tools::python_path("checkov"))
        .env("LOG_LEVEL", "ERROR")
        .directory(&stage.folder)
        .run()?;
    let answer: Value = serde_json::from_str(&json).context("checkov's answer is not JSON")?;
    // One report alone is not in a list.
    let reports = answer.as_array().cloned().unwrap_or_else(|| vec![answer]);
    let n_modules = folders(&tree.files(is_terraform));
    let n_dockerfiles = tree.files(is_dockerfile).len();
    let what = format!("renders: {n_renders}, Terraform folders: {n_modules}, Dockerfiles: {n_dockerfiles}");
    let findings = reports.iter().flat_map(findings).collect();
    Ok(ScanResult::Scanned(Scanned { what, findings, explained: 0 }))
}

fn is_terraform(file: &str) -> bool {
    file.starts_with("terraform/") && (file.ends_with(".tf") || file.ends_with(".tfvars"))
}

fn is_dockerfile(file: &str) -> bool {
    file.rsplit('/')
        .next()
        .is_some_and(|name| name.starts_with("Dockerfile") || name.ends_with(".Dockerfile"))
}

fn folders(files: &[&str]) -> usize {
    let folders = files.iter().filter_map(|file| Path::new(file).parent());
    folders.collect::<BTreeSet<_>>().len()
}

/// Every chart with every values file that its tests use. Defaults alone are not rendered: a chart may have to be told something.
fn render_all(tree: &Tree, stage: &Stage) -> Result<usize> {
    let mut n_renders = 0;
    for file in tree.files(|file| file.starts_with("charts/") && file.ends_with("/Chart.yaml")) {
        let chart = file.trim_end_matches("/Chart.yaml");
        let of_tests = format!("{chart}/ci/");
        let values = tree.files(|file| file.starts_with(&of_tests) && file.ends_with("-values.yaml"));
        fs::create_dir_all(stage.folder.join(RENDERED).join(&of_tests))?;
        for values in values {
            let helm = Cmd::new("helm").args(["template", "scan"]).arg(tree.root.join(chart));
            let rendered = helm.arg("--values").arg(tree.root.join(values)).run()?;
            fs::write(stage.folder.join(RENDERED).join(values), rendered)?;
            n_renders += 1;
        }
    }
    Ok(n_renders)
}

fn findings(report: &Value) -> Vec<Finding> {
    let failed = items(report, "/results/failed_checks").map(|check| finding(check, String::new()));
    let silenced = items(report, "/results/skipped_checks").map(|check| {
        finding(check, "silenced by a comment, whose reason belongs into .scan/checkov.json: ".to_owned())
    });
    let unread = items(report, "/results/parsing_errors").filter_map(Value::as_str).map(|file| Finding {
        path: file.trim_start_matches('/').to_owned(),
        line: 0,
        rule: "not-read".to_owned(),
        on: String::new(),
        message: "checkov cannot parse it".to_owned(),
    });
    failed.chain(silenced).chain(unread).collect()
}

fn finding(check: &Value, before: String) -> Finding {
    let file = text(check, "/file_path");
    let file = file.trim_start_matches('/');
    let message = before + &text(check, "/check_name");
    let (rule, on) = (text(check, "/check_id"), text(check, "/resource"));
    match file.strip_prefix(RENDERED) {
        // Lines of a render are in no file.
        Some(values) => {
            Finding { path: values.trim_start_matches('/').to_owned(), line: 0, rule, on, message }
        }
        None => {
            let line = number(check, "/file_line_range/0");
            Finding { path: file.to_owned(), line, rule, on, message }
        }
    }
}
