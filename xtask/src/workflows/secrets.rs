//! The destinations of secrets: the environment of one step, or an action that logs in with them.

use serde_json::Value;

use super::file::Workflow;

/// Actions that take a secret as an input and give it to no other step.
const LOG_IN: [&str; 1] = ["docker/login-action"];
/// Prefixes of expressions that name a secret, the token of the job among them.
const NAMES: [&str; 3] = ["secrets.", "github.token", "steps.vault.outputs."];

fn names_a_secret(value: &Value) -> bool {
    let text = value.to_string();
    NAMES.iter().any(|name| text.contains(name))
}

#[test]
fn secret_is_in_one_steps_environment_only() {
    for workflow in Workflow::all() {
        let mut outside = workflow.document.clone();
        for (key, job) in outside["jobs"].as_object_mut().unwrap() {
            let mut holders = Vec::new();
            for step in job["steps"].as_array_mut().into_iter().flatten() {
                let members = step.as_object_mut().unwrap();
                let environment = members.remove("env").unwrap_or_default();
                if names_a_secret(&environment) {
                    holders.push(members["run"].as_str().unwrap().to_owned());
                }
                let used = members.get("uses").and_then(Value::as_str).unwrap_or_default();
                if LOG_IN.iter().any(|action| used.starts_with(action)) {
                    members.remove("with");
                }
            }
            assert!(
                holders.len() <= 1,
                "{}: {key}: more than one step has secrets: {holders:?}",
                workflow.name
            );
        }
        assert!(!names_a_secret(&outside), "{}: {outside:#}", workflow.name);
    }
}

/// An expression in a line is text that the shell reads: whoever chooses its value chooses what is run.
#[test]
fn no_line_that_is_run_holds_an_expression() {
    for workflow in Workflow::all() {
        for job in workflow.jobs() {
            for (line, _) in job.runs() {
                assert!(!line.contains("${{"), "{}: {line}", job.name);
            }
        }
    }
}

#[test]
fn no_log_of_terraform_is_asked_for() {
    for workflow in Workflow::all() {
        assert!(!workflow.text.contains("TF_LOG"), "{}", workflow.name);
    }
}

#[test]
fn a_plan_is_uploaded_encrypted_only() {
    let workflow = Workflow::named("deploy.yml");
    let mut uploads = Vec::new();
    for job in workflow.jobs() {
        let of_job =
            job.steps().into_iter().filter(|step| step["uses"].to_string().contains("upload-artifact@"));
        uploads.extend(of_job.map(|step| step["with"]["path"].as_str().unwrap().to_owned()));
    }
    assert_eq!(uploads, ["target/deploy/plan.tfplan.age\ntarget/deploy/terraform.lock.hcl\n"]);
}
