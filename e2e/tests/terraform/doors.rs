//! Terraform's validation accepts and refuses the same settings as the process.

use std::collections::BTreeSet;

use e2e::entry_points::{Settings, refused_in_files, settings};
use e2e::terraform::{Report, Root, literal};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value};
use unicode_normalization::is_nfc;

use crate::support::{plan, required, test_file};

/// All cases share one Terraform, which takes a quarter of a second for each case.
const CASES: usize = 96;

/// Returns true if Terraform can represent these settings. Terraform composes characters on input (so "e" and an accent become
/// one), and a missing secret key is no input whose refusal could be compared.
fn can_be_told(settings: &Settings) -> bool {
    settings.contains_key("SECRET_KEY") && settings.values().all(|text| is_nfc(text))
}

/// The module's inputs for these settings. An empty user or password is left out, as the process reads it.
fn inputs(settings: &Settings) -> Map<String, Value> {
    let mut inputs = required();
    let may_be_empty = ["CACHE_PASSWORD", "CACHE_USER", "DB_PASSWORD", "DB_USER"];
    let given = settings.iter().filter(|(key, text)| !may_be_empty.contains(*key) || !text.is_empty());
    inputs.extend(given.map(|(key, text)| (key.to_lowercase(), literal(text))));
    inputs
}

/// Inputs that Terraform must refuse, given the keys that the process refuses. URLs are checked at their use; Terraform does
/// not reach that point while a password is missing.
fn faults(keys: &BTreeSet<String>) -> Vec<String> {
    let (late, early): (Vec<_>, Vec<_>) =
        keys.iter().partition(|key| ["CACHE_URL", "DATABASE_URL"].contains(&key.as_str()));
    if early.is_empty() && !late.is_empty() {
        vec!["helm_release.myapp".to_owned()]
    } else {
        early.iter().map(|key| format!("var.{}", key.to_lowercase())).collect()
    }
}

#[test]
fn terraform_and_process_agree_on_every_setting() {
    let cases = std::env::var("PROPTEST_CASES").map_or(CASES, |cases| cases.parse().unwrap());
    let strategy = settings().prop_filter("Terraform can be told", can_be_told);
    let mut runner = TestRunner::new(Config { max_global_rejects: u32::MAX, ..Config::default() });
    let mut runs = Map::new();
    let mut counts = [0, 0];
    for case in 0..cases {
        let settings = strategy.new_tree(&mut runner).unwrap().current();
        let faults = faults(&refused_in_files(&settings));
        let faults: Vec<&str> = faults.iter().map(String::as_str).collect();
        runs.insert(format!("case_{case:05}"), plan(&inputs(&settings), &faults));
        counts[usize::from(faults.is_empty())] += 1;
    }
    let root = Root::copy("modules/myapp");
    root.replace_tests(&[("doors".to_owned(), test_file(&runs))]);
    let report = root.test(&[]);
    assert!(report.passed, "{}", disagreement(&report, &runs));
    // Doors that agree because all refuse everything, or nothing, would prove little.
    let [refused, accepted] = counts;
    assert!(refused > cases / 5 && accepted > cases / 5, "refused {refused}, accepted {accepted}");
}

/// The first failed run, with its inputs and Terraform's messages; later runs did not take place.
fn disagreement(report: &Report, runs: &Map<String, Value>) -> String {
    let failed =
        report.text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).find_map(|event| {
            let run = event.get("test_run")?;
            let is_over = run["status"] == "fail" || run["status"] == "error";
            is_over.then(|| run["run"].as_str().unwrap_or_default().to_owned())
        });
    match failed.and_then(|name| runs.get(&name)) {
        Some(run) => format!("the process and Terraform differ in this run: {run:#}\n{:#?}", report.errors),
        None => report.text.clone(),
    }
}
