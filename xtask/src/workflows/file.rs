//! The workflows as files: jobs and steps, and what their text must say.

use std::fs;

use kit::workspace;
use regex_lite::Regex;
use serde_json::{Map, Value};

pub(super) struct Workflow {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) document: Value,
}

/// A job with its name as people would look for it: file and key.
pub(super) struct Job<'a> {
    pub(super) name: String,
    pub(super) body: &'a Value,
}

impl Workflow {
    pub(super) fn all() -> Vec<Self> {
        let files = fs::read_dir(workspace::root().join(".github/workflows")).unwrap();
        let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        paths.sort();
        let read = |path: &std::path::PathBuf| {
            let text = fs::read_to_string(path).unwrap();
            Self {
                name: path.file_name().unwrap().to_string_lossy().into_owned(),
                document: serde_norway::from_str(&text).unwrap(),
                text,
            }
        };
        paths.iter().map(read).collect()
    }

    pub(super) fn named(name: &str) -> Self {
        Self::all().into_iter().find(|workflow| workflow.name == name).unwrap()
    }

    /// `on` is a truth value to YAML 1.1, and a text to the parser here.
    pub(super) fn triggers(&self) -> Vec<String> {
        self.document["on"].as_object().unwrap().keys().cloned().collect()
    }

    pub(super) fn jobs(&self) -> Vec<Job<'_>> {
        let jobs = self.document["jobs"].as_object().unwrap().iter();
        jobs.map(|(key, body)| Job { name: format!("{}: {key}", self.name), body }).collect()
    }
}

impl Job<'_> {
    pub(super) fn steps(&self) -> Vec<&Value> {
        self.body["steps"].as_array().into_iter().flatten().collect()
    }

    /// The actions that are used, each as `owner/name`.
    pub(super) fn actions(&self) -> Vec<&str> {
        let used = self.steps().into_iter().filter_map(|step| step["uses"].as_str());
        used.map(|used| used.split('@').next().unwrap()).collect()
    }

    /// The lines that are run, as the shell gets them.
    pub(super) fn runs(&self) -> Vec<(&str, Map<String, Value>)> {
        let own = self.body["env"].as_object().cloned().unwrap_or_default();
        let environment = |step: &Value| {
            let more = step["env"].as_object().cloned().unwrap_or_default();
            own.clone().into_iter().chain(more).collect()
        };
        let steps = self.steps().into_iter();
        steps.filter_map(|step| Some((step["run"].as_str()?.trim(), environment(step)))).collect()
    }
}

#[test]
fn every_action_is_pinned_to_a_commit() {
    let pinned = Regex::new(r"^\s*(?:- )?uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$").unwrap();
    let mut versions = std::collections::BTreeMap::new();
    for workflow in Workflow::all() {
        for line in workflow.text.lines().filter(|line| line.contains("uses:")) {
            // A workflow of this repository is of the same commit.
            let is_own = line.trim() == "uses: ./.github/workflows/ci.yml";
            assert!(is_own || pinned.is_match(line), "{}: {line}", workflow.name);
            if !is_own {
                let (action, version) = line.trim().trim_start_matches("- ").split_once('@').unwrap();
                let known = versions.entry(action.to_owned()).or_insert_with(|| version.to_owned());
                assert_eq!(known, version, "{}: {action} in two versions", workflow.name);
            }
        }
    }
}

#[test]
fn strangers_start_no_privileged_workflow() {
    const KNOWN: [&str; 5] = ["pull_request", "push", "workflow_call", "schedule", "workflow_dispatch"];
    for workflow in Workflow::all() {
        for trigger in workflow.triggers() {
            assert!(KNOWN.contains(&trigger.as_str()), "{}: {trigger}", workflow.name);
        }
    }
}

#[test]
fn deploys_to_one_environment_never_overlap() {
    let concurrency = &Workflow::named("deploy.yml").document["concurrency"];
    assert_eq!(concurrency["group"], "deploy-${{ inputs.environment }}");
    assert_eq!(concurrency["cancel-in-progress"], false);
}

#[test]
fn whatever_changes_an_environment_waits_for_its_approval() {
    let workflow = Workflow::named("deploy.yml");
    for job in workflow.jobs() {
        let wanted = match job.name.as_str() {
            "deploy.yml: apply" | "deploy.yml: helm" => Value::from("${{ inputs.environment }}"),
            // It has no role that changes anything.
            "deploy.yml: plan" => Value::from("${{ inputs.environment }}-plan"),
            _ => Value::Null,
        };
        assert_eq!(job.body["environment"], wanted, "{}", job.name);
        let roles = job.body.to_string().matches("APPLY_ROLE_ARN").count();
        assert_eq!(roles > 0, wanted == "${{ inputs.environment }}", "{}", job.name);
    }
}

#[test]
fn every_job_ends_by_itself() {
    for workflow in Workflow::all() {
        for job in workflow.jobs().iter().filter(|job| job.body["uses"].is_null()) {
            assert!(job.body["timeout-minutes"].is_u64(), "{}", job.name);
        }
    }
}
