//! The permissions of each job's token, and the steps that need them.

use super::file::{Job, Workflow};

/// A permission, and the actions and lines of which one at least needs it.
const NEEDS: [(&str, &[&str]); 6] = [
    ("contents: read", &["actions/checkout"]),
    ("contents: write", &["gh release create "]),
    (
        "id-token: write",
        &[
            "aws-actions/configure-aws-credentials",
            "hashicorp/vault-action",
            "cosign sign ",
            "actions/attest",
            "actions/attest-build-provenance",
        ],
    ),
    ("attestations: write", &["actions/attest", "actions/attest-build-provenance"]),
    ("packages: write", &["cargo xtask release push ", "cosign sign "]),
    // Of charts and signatures that are not public.
    ("packages: read", &["cosign verify ", "cargo xtask deploy helm "]),
];

/// Permissions of a job; those of a job that calls a workflow are for that workflow's jobs.
fn granted(job: &Job<'_>) -> Vec<String> {
    let permissions = job.body["permissions"].as_object();
    let permissions = permissions.unwrap_or_else(|| panic!("{}: has no permissions of its own", job.name));
    permissions.iter().map(|(name, level)| format!("{name}: {}", level.as_str().unwrap())).collect()
}

fn needs(job: &Job<'_>, permission: &str) -> bool {
    let Some((_, needing)) = NEEDS.iter().find(|(known, _)| *known == permission) else { return false };
    needing.iter().any(|what| {
        job.actions().contains(what)
            || (what.contains(' ') && job.runs().iter().any(|(line, _)| line.contains(what)))
    })
}

#[test]
fn every_permission_is_needed_by_a_step() {
    for workflow in Workflow::all() {
        assert_eq!(workflow.document["permissions"], serde_json::json!({}), "{}", workflow.name);
        for job in workflow.jobs() {
            let called =
                job.body["uses"].as_str().map(|path| Workflow::named(path.rsplit('/').next().unwrap()));
            let jobs = called.as_ref().map_or_else(Vec::new, Workflow::jobs);
            for permission in granted(&job) {
                let is_needed = needs(&job, &permission) || jobs.iter().any(|job| needs(job, &permission));
                assert!(is_needed, "{}: {permission} is needed by none of its steps", job.name);
            }
        }
    }
}

#[test]
fn every_checkout_leaves_no_token_behind() {
    for workflow in Workflow::all() {
        for job in workflow.jobs() {
            for step in job.steps() {
                if step["uses"].as_str().is_some_and(|used| used.starts_with("actions/checkout@")) {
                    assert_eq!(step["with"]["persist-credentials"], false, "{}", job.name);
                }
            }
        }
    }
}
