//! The report of a deploy, for people and for later steps: on stdout, and in the files that GitHub's runners name.

use std::fs::OpenOptions;
use std::io::Write as _;

use anyhow::{Context as _, Result};

use crate::console::say;

/// Files that a runner names to each step: Markdown for the page of the run, and `name=value` lines for later jobs.
const SUMMARY: &str = "GITHUB_STEP_SUMMARY";
const OUTPUT: &str = "GITHUB_OUTPUT";

/// Prints a text, and adds it to the page of the run under a heading.
pub(super) fn write(heading: &str, text: &str) -> Result<()> {
    say(format!("\n{heading}\n\n{text}"));
    append(SUMMARY, &format!("### {heading}\n\n```text\n{text}\n```\n"))
}

/// Gives later jobs a value.
pub(super) fn output(name: &str, value: &str) -> Result<()> {
    append(OUTPUT, &format!("{name}={value}\n"))
}

fn append(variable: &str, text: &str) -> Result<()> {
    let Some(path) = std::env::var_os(variable).filter(|path| !path.is_empty()) else { return Ok(()) };
    let file = OpenOptions::new().append(true).create(true).open(&path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.with_context(|| format!("cannot write {}, named by {variable}", path.display()))
}
