//! Calls of `cargo test`.

use anyhow::Result;
use kit::process::Cmd;
use kit::workspace;

use super::summary::Counts;

/// Returns true if all tests passed; their numbers are added to `counts`.
pub(super) fn cargo_test(cargo: Cmd, arguments: &[&str], counts: &mut Counts) -> Result<bool> {
    let command = cargo.args(["test", "--no-fail-fast"]).args(arguments).directory(workspace::root());
    let status = command.stream(|line| counts.add(line))?;
    Ok(status.success())
}
