//! Programs of the workspace, built in the test's own profile.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// A folder of this workspace.
fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Builds what `arguments` of `cargo build` name in this workspace and returns the path of its binary.
///
/// # Errors
/// The output of cargo.
pub fn build(arguments: &[&str]) -> Result<PathBuf, String> {
    run(cargo_build(workspace(), arguments), arguments)
}

/// The same of a program that needs no loader, so that it runs in any image. `crt-static` holds for a named target alone: build
/// scripts stay as they are.
///
/// # Errors
/// The output of cargo.
pub fn build_static(arguments: &[&str]) -> Result<PathBuf, String> {
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let arguments = [arguments, &["--target", &target]].concat();
    let mut cargo = cargo_build(workspace(), &arguments);
    cargo.env("RUSTFLAGS", "-C target-feature=+crt-static");
    run(cargo, &arguments)
}

/// The same in another checkout. Dependencies that this workspace has built are not built again, and programs have places of their own.
///
/// # Errors
/// The output of cargo.
pub fn build_in(checkout: &Path, arguments: &[&str]) -> Result<PathBuf, String> {
    let own = workspace().join("../../target");
    let shared = std::env::var_os("CARGO_TARGET_DIR").map_or(own, PathBuf::from);
    let mut cargo = cargo_build(checkout, arguments);
    cargo.env("CARGO_BUILD_BUILD_DIR", shared).env("CARGO_TARGET_DIR", checkout.join("target"));
    run(cargo, arguments)
}

fn cargo_build(folder: &Path, arguments: &[&str]) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.arg("build").args(arguments).args(["--message-format", "json"]).current_dir(folder);
    cargo
}

fn run(mut cargo: Command, arguments: &[&str]) -> Result<PathBuf, String> {
    let built = cargo.output().map_err(|error| format!("cargo cannot be run: {error}"))?;
    let messages = String::from_utf8_lossy(&built.stdout);
    let executable = |line: &str| {
        let message: Value = serde_json::from_str(line).ok()?;
        message["executable"].as_str().map(PathBuf::from)
    };
    messages.lines().find_map(executable).ok_or_else(|| {
        format!("{} does not build: {}", arguments.join(" "), String::from_utf8_lossy(&built.stderr))
    })
}
