//! The task `check`: everything that can be said about the files without running what they build.

mod claims;
mod directions;
mod functions;
mod imports;
mod layers;
mod locks;
mod metadata;
mod modules;
mod structure;
mod test_names;
mod tidy;
mod words;

use anyhow::{Result, bail};
use kit::process::Cmd;
use kit::tools::{self, Use};
use kit::{ui, workspace};

use crate::codegen;

/// A check and what it is called in the list of those that failed.
type Check = (&'static str, fn() -> Result<()>);

const CHECKS: [Check; 8] = [
    ("format", format),
    ("tidy", tidy::run),
    ("claims", claims::run),
    ("structure", structure::run),
    ("lock files", locks::run),
    ("generated files", generated),
    ("lints", lints),
    ("go", go),
];

/// Runs all checks, also after one has failed.
///
/// # Errors
/// Names the checks that failed.
pub(crate) fn run() -> Result<()> {
    tools::require(&[Use::Check], false)?;
    let mut failed = Vec::new();
    for (name, check) in CHECKS {
        if let Err(error) = check() {
            ui::error(&format!("{error:#}"));
            failed.push(name);
        }
    }
    if failed.is_empty() { Ok(()) } else { bail!("checks failed: {}", failed.join(", ")) }
}

fn format() -> Result<()> {
    let format = || Cmd::new("cargo").args(["fmt", "--all", "--check"]).directory(workspace::root());
    format().run()?;
    format().args(["--manifest-path", "fuzz/Cargo.toml"]).run().map(drop)
}

/// Each package also without its default features: a build of the whole workspace never leaves one out.
fn lints() -> Result<()> {
    clippy(&["--workspace"])?;
    clippy(&["--package", "chassis", "--no-default-features"])?;
    clippy(&["--package", "myapp", "--no-default-features"])
}

fn clippy(packages: &[&str]) -> Result<()> {
    let command =
        Cmd::new("cargo").arg("clippy").args(packages).args(["--all-targets", "--", "--deny", "warnings"]);
    command.directory(workspace::root()).run().map(drop)
}

fn generated() -> Result<()> {
    codegen::run(true)
}

/// Nothing to do without Go: who has not got it has not changed a module either.
fn go() -> Result<()> {
    if !Cmd::new("go").arg("version").succeeds() {
        ui::say("go is not installed; its modules are not checked");
        return Ok(());
    }
    let modules = [workspace::go_module(), workspace::root().join("samples/go")];
    let unformatted = Cmd::new("gofmt").arg("-l").args(modules).run()?;
    if !unformatted.is_empty() {
        bail!("not formatted with gofmt:\n{}", unformatted.trim_end());
    }
    Ok(())
}
