//! Programs of the workspace, built in the test's own profile.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The folder of a package of this workspace.
pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Builds what `arguments` of `cargo build` name in `folder` and returns the path of its binary.
///
/// # Errors
/// The output of cargo.
pub(crate) fn build(folder: &Path, arguments: &[&str]) -> Result<PathBuf, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .arg("build")
        .args(arguments)
        .args(["--message-format", "json"])
        .current_dir(folder)
        .output()
        .map_err(|error| format!("cargo cannot be run: {error}"))?;
    let messages = String::from_utf8_lossy(&built.stdout);
    let executable = |line: &str| {
        let message: Value = serde_json::from_str(line).ok()?;
        message["executable"].as_str().map(PathBuf::from)
    };
    messages.lines().find_map(executable).ok_or_else(|| {
        format!("{} does not build: {}", arguments.join(" "), String::from_utf8_lossy(&built.stderr))
    })
}
