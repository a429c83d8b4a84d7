//! Calls of `cargo test`.

use anyhow::Result;
use kit::process::Cmd;
use kit::workspace;

use super::summary::Results;

/// Returns true if all tests passed; their numbers, and what failed ones said, are added to `results`.
pub(super) fn cargo_test(cargo: Cmd, arguments: &[&str], results: &mut Results) -> Result<bool> {
    let command = cargo.args(["test", "--no-fail-fast"]).args(arguments).directory(workspace::root());
    let status = command.stream(|line| results.read(line))?;
    Ok(status.success())
}
