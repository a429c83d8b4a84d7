//! A folder with a Terraform root, and calls of Terraform in it: it prints events, of which only the part for a person is shown.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use anyhow::Result;
use serde_json::Value;

use super::environment::{self, Secrets};
use crate::args::RootArgs;
use crate::console::say;
use crate::deployment::Deployment;
use crate::program::Program;
use crate::refusal::WrongInput;

/// Inputs of a root.
const INPUT: &str = "TF_VAR_";

pub(super) struct Root {
    pub(super) folder: PathBuf,
    backend_config: Vec<String>,
    secrets: Secrets,
}

impl Root {
    /// # Errors
    /// All that keeps a plan from being made or applied here, at once, `problems` among it.
    pub(super) fn open(args: &RootArgs, deployment: &Deployment, mut problems: Vec<String>) -> Result<Self> {
        let folder = deployment.environment(args.env.as_ref());
        match &folder {
            None => problems.push("no folder of a Terraform root is named: give --env".to_owned()),
            Some(folder) if !folder.is_dir() => {
                problems.push(format!(
                    "{}: there is no such folder; name a Terraform root by --env",
                    folder.display()
                ));
            }
            Some(_) => {}
        }
        problems.extend(environment::refusals(std::env::vars()));
        let (Some(folder), []) = (folder, &problems[..]) else { return Err(WrongInput(problems).into()) };
        let command = deployment.secrets_from(args.secrets_from.as_ref());
        let secrets = Secrets::gather(command.as_deref(), |name| name.starts_with(INPUT))?;
        Ok(Self { folder, backend_config: args.backend_config.clone(), secrets })
    }

    pub(super) fn init(&self) -> Result<()> {
        // A pipeline sets the variables it has nothing for to nothing.
        let given = self.backend_config.iter().filter(|config| !config.is_empty());
        let backend = given.map(|config| format!("-backend-config={config}"));
        self.terraform("init").arg("-no-color").args(backend).run().map(drop)
    }

    /// A saved plan as JSON; not shown.
    pub(super) fn show(&self, plan: &Path) -> Result<String> {
        self.terraform("show").arg("-json").arg(plan).ask()
    }

    /// A subcommand with these arguments. Told of are what it does to which address, and what is wrong; no values.
    pub(super) fn follow(&self, subcommand: &str, arguments: &[&OsStr]) -> Result<ExitStatus> {
        let tell = |line: &str| {
            if let Some(text) = render(line) {
                say(self.secrets.hide(&text));
            }
        };
        self.terraform(subcommand).arg("-json").args(arguments).supervise(tell, || true)
    }

    fn terraform(&self, subcommand: &str) -> Program {
        let terraform =
            Program::new("terraform").arg(subcommand).env("TF_IN_AUTOMATION", "1").env("TF_INPUT", "0");
        self.secrets.give(terraform).without_env(super::plan_key::IDENTITY).directory(&self.folder)
    }
}

/// Renders a line of `-json` for a person; nothing for a line that may repeat values, as outputs and the output of provisioners.
fn render(line: &str) -> Option<String> {
    let Ok(event) = serde_json::from_str::<Value>(line) else { return Some(line.to_owned()) };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match event["type"].as_str()? {
        "apply_start" | "apply_progress" | "apply_complete" | "apply_errored" => {
            Some(text(&event["@message"]))
        }
        "diagnostic" => {
            let diagnostic = &event["diagnostic"];
            let range = &diagnostic["range"];
            let place =
                range["filename"].as_str().map(|file| format!(" ({file}:{})", range["start"]["line"]));
            let [severity, summary, detail] =
                ["severity", "summary", "detail"].map(|part| text(&diagnostic[part]));
            Some(
                format!("{severity}: {summary}{}\n{detail}", place.unwrap_or_default()).trim_end().to_owned(),
            )
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn actions_and_errors_are_shown_without_values() {
        let start = json!({ "type": "apply_start", "@message": "a.b: Creating..." });
        assert_eq!(render(&start.to_string()).unwrap(), "a.b: Creating...");
        let diagnostic = json!({ "type": "diagnostic", "diagnostic": {
            "severity": "error", "summary": "Invalid value", "detail": "Give another.",
            "range": { "filename": "main.tf", "start": { "line": 7 } },
            "snippet": { "values": [{ "traversal": "var.x", "statement": "is hush-hush" }] },
        } });
        assert_eq!(
            render(&diagnostic.to_string()).unwrap(),
            "error: Invalid value (main.tf:7)\nGive another."
        );
        assert_eq!(render("a crash"), Some("a crash".to_owned()));
    }

    #[test]
    fn outputs_and_provisioner_output_are_not_shown() {
        for kind in ["outputs", "provision_progress", "planned_change"] {
            assert_eq!(render(&json!({ "type": kind, "@message": "hush-hush" }).to_string()), None);
        }
    }
}
