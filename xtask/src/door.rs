//! The tasks `deploy` and `drift`: doors to `confpath`, with the pinned tools, the own cluster and the exit codes of this repository.
//! `confpath.json` says the rest.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::{Result, bail};
use kit::cluster::{OWN_CONTEXT, own_kubeconfig};
use kit::tools::{self, Use};
use kit::{exit, workspace};

use crate::tool::Tool;

/// The exit codes of `confpath`, for no, for no verdict and for wrong input.
const NO: u8 = 1;
const UNKNOWN: u8 = 2;
const USAGE: u8 = 64;
/// The exit code of a comparison that cannot tell.
const CANNOT_TELL: u8 = 3;

/// The words of a task, without those that only the door has.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Words {
    pub(crate) passed_on: Vec<OsString>,
    /// `--install`: install tools that are missing.
    install: bool,
    /// `--cluster own`: the project's own cluster.
    is_own: bool,
}

impl Words {
    /// # Errors
    /// Another cluster than the own one is chosen.
    pub(crate) fn of(words: &[OsString]) -> Result<Self> {
        let mut read = Self { passed_on: Vec::new(), install: false, is_own: false };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match word.to_str() {
                Some("--install") => read.install = true,
                Some("--cluster=own") => read.is_own = true,
                Some("--cluster") if words.next().is_some_and(|cluster| cluster == "own") => {
                    read.is_own = true;
                }
                Some("--cluster") => bail!("--cluster takes `own`; another one is named by --context"),
                _ => read.passed_on.push(word.clone()),
            }
        }
        if read.is_own {
            read.passed_on.extend(["--context".into(), OWN_CONTEXT.into()]);
        }
        Ok(read)
    }

    fn has(&self, wanted: &[&str]) -> bool {
        self.passed_on.iter().any(|word| wanted.iter().any(|wanted| word == wanted))
    }
}

/// Runs `confpath deploy` or `confpath drift` in this checkout.
///
/// # Errors
/// A tool is missing, or cargo cannot be run.
pub(crate) fn run(task: &str, words: &[OsString]) -> Result<ExitCode> {
    let words = Words::of(words)?;
    if !words.has(&["--help", "-h"])
        && let Err(error) = require(task, &words)
    {
        return Ok(exit::report_with(Err(error), |_| (task == "drift").then_some(CANNOT_TELL)));
    }
    let mut command = Tool::Confpath.call(task).args(&words.passed_on).directory(workspace::root());
    if words.is_own {
        command = command.env("KUBECONFIG", own_kubeconfig());
    }
    let status = command.pass_through()?;
    // A process that a signal has ended has no code.
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(NO);
    Ok(translated(task, code).into())
}

/// Makes sure that the pinned tools are there. `confpath` itself names those that only some calls need.
fn require(task: &str, words: &Words) -> Result<()> {
    let is_given = |variable: &str| std::env::var_os(variable).is_some_and(|value| !value.is_empty());
    let by_terraform = words.has(&["plan", "apply"]);
    if task == "drift" || !by_terraform {
        return tools::require(&[Use::Deploy], words.install);
    }
    tools::require(&[Use::Terraform], false)?;
    if !words.install {
        return Ok(());
    }
    let compares = words.has(&["apply"]) && (words.has(&["--context"]) || is_given("DEPLOY_CONTEXT"));
    let uses: &[Use] = if compares { &[Use::Plan, Use::Deploy] } else { &[Use::Plan] };
    tools::require(uses, true)
}

/// The exit codes of `terraform plan -detailed-exitcode` for a comparison, and one for every failed deploy.
fn translated(task: &str, code: u8) -> u8 {
    match (task, code) {
        ("drift", NO) => 2,
        ("drift", UNKNOWN) => CANNOT_TELL,
        ("deploy", USAGE) => NO,
        _ => code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Result<Words> {
        Words::of(&text.split(' ').map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn words_of_the_door_are_not_passed_on() {
        let read = words("helm --install --image a --cluster own --timeout 9").unwrap();
        assert!(read.install && read.is_own);
        assert_eq!(read.passed_on, ["helm", "--image", "a", "--timeout", "9", "--context", OWN_CONTEXT]);
        assert_eq!(words("--cluster=own").unwrap().passed_on, ["--context", OWN_CONTEXT]);
        assert!(words("--cluster kind").is_err() && words("--cluster").is_err());
    }

    #[test]
    fn exit_codes_are_those_that_pipelines_know() {
        assert_eq!([0, 1, 2, 64].map(|code| translated("drift", code)), [0, 2, 3, 64]);
        assert_eq!([0, 1, 2, 64].map(|code| translated("deploy", code)), [0, 1, 2, 1]);
    }
}
