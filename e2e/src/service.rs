//! The service's binary, built once and run as a process of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::Value;

/// Builds the service in the test's own profile and returns the path of its binary.
///
/// # Errors
/// The output of cargo.
pub fn binary() -> Result<&'static Path, String> {
    static BINARY: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    BINARY.get_or_init(build).as_deref().map_err(Clone::clone)
}

/// Runs `myapp check` with these flags and variables, and nothing else in its environment.
///
/// # Errors
/// The service does not build, or a variable cannot be handed to any process, as one that holds a NUL.
pub fn check<'a>(
    flags: &[&str],
    variables: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Output, String> {
    let mut command = Command::new(binary()?);
    command.arg("check").args(flags).env_clear().envs(variables);
    command.output().map_err(|error| error.to_string())
}

fn build() -> Result<PathBuf, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--package", "myapp", "--bin", "myapp", "--message-format", "json"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .map_err(|error| format!("cargo cannot be run: {error}"))?;
    let messages = String::from_utf8_lossy(&built.stdout);
    let executable = |line: &str| {
        let message: Value = serde_json::from_str(line).ok()?;
        message["executable"].as_str().map(PathBuf::from)
    };
    messages
        .lines()
        .find_map(executable)
        .ok_or_else(|| format!("the service does not build: {}", String::from_utf8_lossy(&built.stderr)))
}
