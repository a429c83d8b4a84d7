//! The crates of the workspace, as Cargo describes them.

use anyhow::{Context as _, Result};
use serde_json::Value;

use kit::process::Cmd;
use kit::workspace;

/// The answer of `cargo metadata`, without dependencies from outside.
pub(super) fn query() -> Result<Value> {
    let query = ["metadata", "--no-deps", "--format-version=1", "--offline"];
    let text = Cmd::new("cargo").args(query).directory(workspace::root()).ask()?;
    serde_json::from_str(&text).context("cargo metadata is not JSON")
}
