//! A folder with a Terraform env, and calls of Terraform in it: it prints events, of which only the part for a person is shown.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use anyhow::Result;
use kit::process::Cmd;
use kit::{ui, workspace};
use serde_json::Value;

use super::environment::{self, Secrets};
use crate::project::PROJECT;

/// Inputs of an env.
const INPUT: &str = "TF_VAR_";

/// The env, and the source of its secrets.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Env {
    /// The folder of the Terraform env
    #[arg(long, value_name = "DIR", default_value = PROJECT.env)]
    env: PathBuf,
    /// For `terraform init`: a file or KEY=VALUE; may be repeated
    #[arg(long, value_name = "CONFIG", env = "DEPLOY_BACKEND_CONFIG", value_delimiter = ',')]
    backend_config: Vec<String>,
    /// A command that prints the env's secrets, as JSON: {"TF_VAR_…": "…"}. Without one they are in the environment
    #[arg(long, value_name = "COMMAND", env = "DEPLOY_SECRETS_FROM")]
    secrets_from: Option<String>,
    /// Install tools that are missing
    #[arg(long)]
    pub(super) install: bool,
}

pub(super) struct Root {
    pub(super) folder: PathBuf,
    backend_config: Vec<String>,
    secrets: Secrets,
}

impl Root {
    /// # Errors
    /// All that keeps a plan from being made or applied here, at once, `problems` among it.
    pub(super) fn open(options: &Env, mut problems: Vec<String>) -> Result<Self> {
        let folder = workspace::root().join(&options.env);
        if !folder.is_dir() {
            problems.push(format!("{}: there is no such folder; name an env by --env", folder.display()));
        }
        problems.extend(environment::refusals(std::env::vars()));
        environment::settle(&problems)?;
        let secrets = Secrets::gather(options.secrets_from.as_deref(), |name| name.starts_with(INPUT))?;
        Ok(Self { folder, backend_config: options.backend_config.clone(), secrets })
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
                ui::say(self.secrets.hide(&text));
            }
        };
        self.terraform(subcommand).arg("-json").args(arguments).supervise(tell, || true)
    }

    fn terraform(&self, subcommand: &str) -> Cmd {
        let terraform =
            Cmd::new("terraform").arg(subcommand).env("TF_IN_AUTOMATION", "1").env("TF_INPUT", "0");
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
