//! Secrets and settings from the environment of a deploy, and variables that it refuses.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::program::Program;
use crate::refusal::WrongInput;

/// Shorter texts turn up by chance: hiding them would make a log unreadable and hide nothing.
const MIN_HIDDEN_BYTES: usize = 4;

/// Values by the name of the variable that holds them.
#[derive(Default)]
pub(super) struct Secrets {
    inherited: BTreeMap<String, String>,
    fetched: BTreeMap<String, String>,
}

impl Secrets {
    /// Those variables of the environment that `is_secret` picks, and over them whatever `command` prints: a JSON object, variables by
    /// name. An empty command is none, since a pipeline sets the variables it has nothing for to nothing.
    ///
    /// # Errors
    /// The command fails, or prints anything else; what it printed is not repeated.
    pub(super) fn gather(command: Option<&str>, is_secret: impl Fn(&str) -> bool) -> Result<Self> {
        let inherited = std::env::vars().filter(|(name, _)| is_secret(name)).collect();
        let command = command.filter(|command| !command.is_empty());
        let fetched = command.map(fetch).transpose()?.unwrap_or_default();
        Ok(Self { inherited, fetched })
    }

    /// An empty value counts as none.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.fetched.get(name).or_else(|| self.inherited.get(name));
        found.map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Gives a program what it cannot inherit.
    pub(super) fn give(&self, command: Program) -> Program {
        self.fetched.iter().fold(command, |command, (name, value)| command.env(name, value))
    }

    /// Keeps all of it from a program that has no business with it.
    pub(super) fn keep_from(&self, command: Program) -> Program {
        self.inherited.keys().fold(command, |command, name| command.without_env(name))
    }

    /// The text with every value, line by line, replaced by the name of its variable. The second line of defence: the programs that are
    /// run here are given secrets in ways that they do not repeat.
    pub(super) fn hide(&self, text: &str) -> String {
        let mut lines: Vec<(&str, &str)> = Vec::new();
        for (name, value) in self.inherited.iter().chain(&self.fetched) {
            lines.extend(
                value.lines().filter(|line| line.len() >= MIN_HIDDEN_BYTES).map(|line| (line, name.as_str())),
            );
        }
        // A value may be part of a longer one.
        lines.sort_by_key(|(line, _)| std::cmp::Reverse(line.len()));
        lines.iter().fold(text.to_owned(), |text, (line, name)| text.replace(line, &format!("({name})")))
    }
}

fn fetch(command: &str) -> Result<BTreeMap<String, String>> {
    let printed = Program::new("sh").args(["-c", command]).ask()?;
    let fetched = serde_json::from_str::<Value>(&printed).ok().and_then(|document| {
        let members = document.as_object()?.iter();
        members.map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
    });
    fetched.with_context(|| format!("`{command}` printed no JSON object of texts"))
}

/// Returns one sentence for each variable that would print secrets or change the approved plan.
pub(super) fn refusals(variables: impl Iterator<Item = (String, String)>) -> Vec<String> {
    let given = variables.filter(|(_, value)| !value.is_empty());
    given.filter_map(|(name, value)| refusal(&name, &value)).collect()
}

fn refusal(name: &str, value: &str) -> Option<String> {
    if name.starts_with("TF_LOG") {
        return Some(format!(
            "{name} is set: Terraform's log holds the secrets it writes, write-only ones too; unset it"
        ));
    }
    // The command line of a process can be read by everyone on the machine.
    (name.starts_with("TF_CLI_ARGS") && value.contains("-var")).then(|| {
        format!("{name} gives inputs by -var: they end up on a command line; set TF_VAR_… variables instead")
    })
}

/// # Errors
/// Names all problems at once, where there are any.
pub(super) fn settle(problems: Vec<String>) -> Result<(), WrongInput> {
    if problems.is_empty() { Ok(()) } else { Err(WrongInput(problems)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(name: &str, value: &str) -> bool {
        !refusals([(name.to_owned(), value.to_owned())].into_iter()).is_empty()
    }

    fn secrets(pairs: &[(&str, &str)]) -> Secrets {
        let inherited = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Secrets { inherited, fetched: BTreeMap::new() }
    }

    #[test]
    fn every_set_terraform_log_variable_is_refused() {
        for name in ["TF_LOG", "TF_LOG_CORE", "TF_LOG_PROVIDER", "TF_LOG_PROVIDER_AWS", "TF_LOG_PATH"] {
            assert!(refused(name, "info"), "{name}");
        }
        assert!(!refused("TF_LOG", ""));
    }

    #[test]
    fn only_inputs_on_a_command_line_are_refused() {
        assert!(refused("TF_CLI_ARGS_plan", "-var myapp_secret_key=x"));
        assert!(refused("TF_CLI_ARGS", "-var-file=secret.tfvars"));
        assert!(!refused("TF_CLI_ARGS_init", "-plugin-dir=plugins"));
        assert!(!refused("TF_VAR_myapp_secret_key", "x"));
    }

    #[test]
    fn every_line_of_a_secret_is_hidden() {
        let secrets = secrets(&[("A", "hush"), ("B", "hush-hush\nsecond line"), ("C", "xyz")]);
        assert_eq!(secrets.hide("hush hush-hush second line xyz"), "(A) (B) (B) xyz");
    }

    #[test]
    fn printed_secrets_win_and_are_passed_on() {
        let command = r#"echo '{"KEY":"fetched"}'"#;
        let secrets = Secrets::gather(Some(command), |name| name == "PATH").unwrap();
        assert_eq!(secrets.get("KEY"), Some("fetched"));
        let echo = || Program::new("sh").args(["-c", "echo \"$KEY\""]);
        assert_eq!(secrets.give(echo()).ask().unwrap(), "fetched\n");
    }

    #[test]
    fn other_output_is_refused_without_being_quoted() {
        for printed in ["hush-hush", r#"["hush-hush"]"#, r#"{"KEY":{"hush-hush":1}}"#] {
            let error =
                Secrets::gather(Some(&format!("printf %s '{printed}' | cat")), |_| false).err().unwrap();
            assert!(format!("{error:#}").ends_with("printed no JSON object of texts"), "{error:#}");
        }
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let error = settle(vec!["one".to_owned(), "two".to_owned()]).unwrap_err().to_string();
        assert_eq!(error, "nothing was done:\n  one\n  two");
    }
}
