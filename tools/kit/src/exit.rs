//! Exit codes of tasks.

use std::process::ExitCode;

use anyhow::{Error, Result};

use crate::tools::Missing;
use crate::ui;

const FAILED: u8 = 1;
const TOOLS_MISSING: u8 = 2;

/// The exit code for the outcome of a task; an error is printed.
pub fn report(outcome: Result<()>) -> ExitCode {
    report_with(outcome, |_| None)
}

/// [`report`] for a task with errors that have exit codes of their own.
pub fn report_with(outcome: Result<()>, code: impl Fn(&Error) -> Option<u8>) -> ExitCode {
    let Err(error) = outcome else { return ExitCode::SUCCESS };
    ui::error(&format!("{error:#}"));
    let default = if error.is::<Missing>() { TOOLS_MISSING } else { FAILED };
    ExitCode::from(code(&error).unwrap_or(default))
}
