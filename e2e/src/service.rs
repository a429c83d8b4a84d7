//! The service's binary, built once and run as a process of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use test_support::built;

const SERVICE: [&str; 4] = ["--package", "myapp", "--bin", "myapp"];

/// Builds the service in the test's own profile and returns the path of its binary.
///
/// # Errors
/// The output of cargo.
pub fn binary() -> Result<&'static Path, String> {
    static BINARY: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    BINARY.get_or_init(|| built::build(&SERVICE)).as_deref().map_err(Clone::clone)
}

/// Builds the service of another checkout.
///
/// # Errors
/// The output of cargo.
pub fn binary_of(checkout: &Path) -> Result<PathBuf, String> {
    built::build_in(checkout, &[&SERVICE[..], &["--config", APART]].concat())
}

/// A setting of no effect that keeps cargo from taking the service of one checkout for that of another: packages of the same name at
/// the same place of two workspaces are one to it, and it compares only the times of files.
const APART: &str = "profile.dev.package.myapp.codegen-units=255";

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
